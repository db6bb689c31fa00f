#pragma once

#include <string>

namespace penstock::openvino {

/// Writes a small model whose batch, height and width are open, for tests: input 'image'
/// [?,3,?,?], outputs 'features' [?,4,H/2,W/2] of a convolution and 'means' [?,4] of those. Returns
/// the path of the IR file in `folder`.
std::string write_open_model(const std::string& folder);

/// Writes the same with 'means' alone, which read as the scores of four classes.
std::string write_open_classifier(const std::string& folder);

}  // namespace penstock::openvino
