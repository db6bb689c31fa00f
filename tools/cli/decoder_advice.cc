#include "tools/cli/decoder_advice.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "engine/graph/option.h"
#include "engine/graph/option_checker.h"
#include "engine/graph/option_values.h"

namespace penstock {
namespace {

constexpr std::int64_t kMostLabels = 100000;

/// An extent of an output may count the classes alone, with the background, with a box, or with a
/// box and an objectness.
std::vector<std::size_t> label_counts(const ModelFacts& model) {
  std::set<std::size_t> counts;
  for (const TensorFacts& output : model.outputs) {
    for (const std::int64_t dim : output.dims) {
      for (const std::int64_t extra : {0, 1, 4, 5}) {
        if (dim - extra > 0 && dim <= kMostLabels) {
          counts.insert(static_cast<std::size_t>(dim - extra));
        }
      }
    }
  }
  return {counts.begin(), counts.end()};
}

OptionValue labels_of(std::size_t count) {
  OptionValue::List labels;
  for (std::size_t i = 0; i < count; ++i) {
    labels.emplace_back("label" + std::to_string(i));
  }
  return labels;
}

/// What a decoder is asked with, but for its labels.
struct Question {
  OptionValues values;
  std::map<std::string, std::string> words;
  std::string labels;  ///< Name of the option that takes labels; empty if there is none.
  bool wants_labels = false;
};

/// Returns one question for each named set of a required option; none if something else is wanted.
std::vector<Question> questions_for(const ActorType& type) {
  std::vector<Question> questions(1);
  for (const Option& option : type.options()) {
    std::vector<Question> next;
    for (const Question& question : questions) {
      if (option.default_yaml().has_value()) {
        next.push_back(question);
        next.back().values.set(option.name(), default_of(option));
      } else if (option.kind() == OptionKind::kLabels) {
        next.push_back(question);
        next.back().labels = option.name();
        next.back().wants_labels = option.is_required();
      } else if (!option.is_required()) {
        next.push_back(question);
      } else {
        const auto& words =
            option.kind() == OptionKind::kWord ? option.words() : option.extra_words();
        for (const std::string& word : words) {
          next.push_back(question);
          next.back().values.set(option.name(), word);
          next.back().words[option.name()] = word;
        }
      }
    }
    questions = std::move(next);
  }
  return questions;
}

OptionValues without(const OptionValues& values, const std::string& name) {
  OptionValues rest;
  for (const std::string& kept : values.names()) {
    if (kept != name) {
      rest.set(kept, *values.find(kept));
    }
  }
  return rest;
}

/// Asks with each number of labels; without labels, if the decoder allows that, when none fits.
DecoderAdvice ask(const ActorType& type, Question question, const ModelFacts& model) {
  DecoderAdvice advice{type.name(), {}, {}, question.words, false};
  if (!question.labels.empty()) {
    const std::vector<std::size_t> counts = label_counts(model);
    for (const std::size_t count : counts) {
      question.values.set(question.labels, labels_of(count));
      const auto misfit = type.decoder_fit()(model, question.values);
      if (!misfit.has_value()) {
        advice.labels.push_back(count);
      }
      advice.misfit = misfit.value_or(advice.misfit);
    }
    if (!advice.labels.empty()) {
      advice.misfit.clear();
      if (advice.labels.size() == counts.size()) {
        advice.labels.clear();  // It does not count them.
      }
      return advice;
    }
    if (question.wants_labels) {
      advice.misfit = advice.misfit.empty() ? "the model has no output" : advice.misfit;
      return advice;
    }
  }
  const OptionValues plain = without(question.values, question.labels);
  advice.misfit = type.decoder_fit()(model, plain).value_or("");
  return advice;
}

std::optional<DecoderAdvice> best_of(const ActorType& type, const ModelFacts& model) {
  std::optional<DecoderAdvice> best;
  for (Question& question : questions_for(type)) {
    if (!best.has_value() || !best->fits()) {
      best = ask(type, std::move(question), model);
    }
  }
  return best;
}

/// Returns `model` with as many outputs of a shape that nobody exports.
ModelFacts nonsense_like(const ModelFacts& model) {
  ModelFacts nonsense = model;
  for (TensorFacts& output : nonsense.outputs) {
    output.dims = {1, 7, 13};
  }
  return nonsense;
}

/// Smaller is likelier. A few labels are likelier than thousands, which may count anchors.
std::pair<int, std::size_t> rank_of(const DecoderAdvice& advice) {
  const std::size_t labels = advice.labels.empty() ? 0 : advice.labels.front();
  if (!advice.fits()) {
    return {3, 0};
  }
  if (advice.is_strict) {
    return {0, labels};
  }
  return {advice.labels.empty() ? 2 : 1, labels};
}

}  // namespace

std::vector<DecoderAdvice> advise_decoders(const TypeRegistry& registry, const ModelFacts& model) {
  std::vector<DecoderAdvice> all;
  for (const std::string& name : registry.decoder_names()) {
    const ActorType& type = *registry.find(name);
    std::optional<DecoderAdvice> best = best_of(type, model);
    if (best.has_value()) {
      best->is_strict = !best_of(type, nonsense_like(model))->fits();
      all.push_back(std::move(*best));
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const DecoderAdvice& a, const DecoderAdvice& b) {
    return rank_of(a) < rank_of(b);
  });
  return all;
}

}  // namespace penstock
