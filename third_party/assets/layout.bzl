"""Puts models and clips where a checkout has them, for tests that run the shipped graphs."""

def _checkout_layout_impl(ctx):
    links = {f.short_path.replace("../assets/", "", 1): f for f in ctx.files.srcs}
    return [DefaultInfo(runfiles = ctx.runfiles(symlinks = links))]

checkout_layout = rule(
    implementation = _checkout_layout_impl,
    attrs = {"srcs": attr.label_list(allow_files = True)},
)
