"""Makes @assets of the models, clips and operator cases that tools/setup fetched (assets.txt)."""

def _places(text):
    """Returns the places in assets.txt that tests and graphs may name."""
    places = []
    for line in text.splitlines():
        if line.startswith(" "):
            place = line.strip().split(" ")[0]
            if place.startswith("models/") or place.startswith("clips/") or place == "onnx-cases":
                places.append(place)
    return places

def _assets_repository_impl(repository_ctx):
    environ = repository_ctx.os.environ
    cache = environ.get("PENSTOCK_CACHE", environ.get("HOME", "") + "/.cache/penstock")
    places = _places(repository_ctx.read(repository_ctx.attr.list))
    for place in places:
        path = repository_ctx.path(cache + "/files/" + place)
        if not path.exists:
            fail("{} is not there: run tools/setup".format(path))
        repository_ctx.symlink(path, place)
    repository_ctx.file("BUILD", "exports_files({})\n".format(places))
    repository_ctx.file("places.bzl", "PLACES = {}\n".format(places))

assets_repository = repository_rule(
    implementation = _assets_repository_impl,
    attrs = {"list": attr.label(allow_single_file = True, mandatory = True)},
    environ = [
        "HOME",
        "PENSTOCK_CACHE",
    ],
    local = True,
)
