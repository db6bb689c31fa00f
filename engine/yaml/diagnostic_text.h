#pragma once

#include <string>
#include <vector>

#include "engine/yaml/diagnostic.h"
#include "engine/yaml/source_text.h"

namespace penstock {

/// How diagnostics are shown to people.
struct DiagnosticStyle {
  bool colour = false;               ///< ANSI colours, for a terminal.
  std::vector<std::string> secrets;  ///< Values that are shown as `***` wherever they appear.
};

/// Returns `diagnostics` as text for people, in the order given:
///
///     a.yaml:14:32: error[E031]: no actor 'detct'; did you mean 'detect' (line 11)?
///       14 |   overlay: {type: overlay, in: detct}
///          |                                ^~~~~
///
/// The source line is shown for places in one of `sources`; long lines are cut round the place.
/// Control characters are shown as `?`, so that a hostile file cannot move the cursor.
std::string diagnostics_text(const std::vector<Diagnostic>& diagnostics,
                             const std::vector<const SourceText*>& sources,
                             const DiagnosticStyle& style);

/// Returns one JSON object, for editors:
/// `{"diagnostics":[{"code","severity","file","line","column","message","hint"}]}`.
std::string diagnostics_json(const std::vector<Diagnostic>& diagnostics,
                             const DiagnosticStyle& style);

/// Returns `text` with each of `secrets` replaced by `***`. Empty secrets are skipped.
std::string mask_secrets(std::string text, const std::vector<std::string>& secrets);

}  // namespace penstock
