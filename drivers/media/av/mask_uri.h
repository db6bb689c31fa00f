#pragma once

#include <string>
#include <string_view>

namespace penstock {

/// Returns `uri` as messages and logs may show it: the password of `user:password@host`, and the
/// values of query words that carry secrets (pass, pwd, token, key, secret, auth, signature,
/// credential, and words that contain one of them), replaced by `***`. The user's name stays: it
/// tells which account was refused. A path without a scheme comes back as it is.
std::string mask_uri(std::string_view uri);

}  // namespace penstock
