#pragma once

#include <string>

#include "engine/base/clock.h"
#include "engine/base/result.h"

namespace penstock {

/// Finds out in a child process whether a driver plug-in can be loaded: what crashes, hangs or ends
/// its process does so there. The child loads the library, calls its entry and looks at the table;
/// it creates no driver, so no device is touched.
///
/// The child is a fork of this process and not a program of its own. So the plug-in meets the very
/// libraries that it will meet here, and there is no program to be found, installed and kept at the
/// same version. The price: other threads do not exist in the child, but locks that they held at
/// that moment are taken for ever. The child therefore does nothing but load, look up and call,
/// with memory from malloc, which glibc makes usable again after fork(). What is left is a thread
/// that is inside dlopen() right then: the child waits for its lock until the limit and a good
/// plug-in is refused, which a second try puts right; a bad one is never let in by it. Load
/// plug-ins before the threads start.
///
/// What the plug-in writes to stdout and stderr in the child is dropped; descriptors of this
/// process are closed there, so that a hanging child holds no claim and no socket of ours.
///
/// `path` must hold a '/': else the dynamic linker would search for it. Blocks up to `limit`.
///
/// Errors, each naming file and rule: `kNotFound` no such file; `kCorrupt` no ELF file, or a table
/// with a hole; `kUnavailable` the linker's reason (a missing library, an undefined symbol), or no
/// process to be had; `kUnsupported` no entry symbol, an entry that returns NULL, another major
/// version, a table that is too short; `kInternal` a crash, naming the signal, or an exit, and
/// `kDeadlineExceeded` a hang; both say whether while loading or in the entry.
Status probe_driver_plugin(const std::string& path, Duration limit);

}  // namespace penstock
