"""Makes @openvino//:openvino of what tools/setup took out of OpenVINO's wheel."""

_BUILD = """
cc_library(
    name = "openvino",
    hdrs = glob(["include/**"]),
    includes = ["include"],
    linkopts = [
        "-Wl,--push-state,--no-as-needed",
        "{libs}/libtbb.so.12",
        "{libs}/libopenvino.so.2641",
        "-Wl,--pop-state",
        "-Wl,-rpath,{libs}",
    ],
    visibility = [
        "@penstock//drivers/openvino:__subpackages__",
        "@penstock//tests:__subpackages__",
        "@penstock//tools/bench:__subpackages__",
    ],
)
"""

def _openvino_repository_impl(repository_ctx):
    environ = repository_ctx.os.environ
    cache = environ.get("PENSTOCK_CACHE", environ.get("HOME", "") + "/.cache/penstock")
    home = cache + "/files/openvino-" + repository_ctx.attr.version
    libs = home + "/libs"
    if not repository_ctx.path(libs + "/libopenvino.so.2641").exists:
        fail("OpenVINO {} is not in {}: run tools/setup".format(repository_ctx.attr.version, home))

    # The wheel's TBB headers beside them stay out: ours come from Debian.
    repository_ctx.symlink(home + "/include/openvino", "include/openvino")
    repository_ctx.file("BUILD", _BUILD.format(libs = libs))

# OpenVINO finds its plug-ins and front-ends beside libopenvino, so that library is loaded from where the
# wheel's files lie together (an absolute run path) and not from Bazel's folder of links. TBB is named,
# although only libopenvino and OpenCV use it: as a direct dependency of the program it is looked up in
# that run path and loaded first, so that Debian's older build of the same name never is.
openvino_repository = repository_rule(
    implementation = _openvino_repository_impl,
    attrs = {"version": attr.string(mandatory = True)},
    environ = [
        "HOME",
        "PENSTOCK_CACHE",
    ],
    local = True,
)
