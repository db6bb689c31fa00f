#pragma once

namespace penstock {

/// A Kalman filter of one coordinate that moves at nearly constant speed.
///
/// A box is followed by four of them: x and y of its centre, width and height. With the noise that
/// trackers by detection use (diagonal, relative to the box), the 8x8 covariance of the usual
/// formulation stays block-diagonal, so four filters of two states compute the same estimate.
///
/// Units: pixels; time in steps (one frame interval).
struct AxisFilter {
  float position = 0;
  float velocity = 0;      ///< Pixels a step.
  float position_var = 0;  ///< Variances and covariance of the two.
  float covariance = 0;
  float velocity_var = 0;

  /// Starts at a measured position with unknown speed.
  static AxisFilter at(float measured, float position_std, float velocity_std) noexcept {
    return {.position = measured,
            .velocity = 0,
            .position_var = position_std * position_std,
            .covariance = 0,
            .velocity_var = velocity_std * velocity_std};
  }

  /// Moves the estimate `steps` ahead: x += v t, P = F P F' + Q t. Stds are those of one step.
  void predict(float steps, float position_std, float velocity_std) noexcept {
    position += velocity * steps;
    position_var +=
        steps * (2 * covariance + steps * velocity_var) + steps * position_std * position_std;
    covariance += steps * velocity_var;
    velocity_var += steps * velocity_std * velocity_std;
  }

  /// Blends in a measured position: K = P H' / (H P H' + R).
  void correct(float measured, float measurement_std) noexcept {
    const float total_var = position_var + measurement_std * measurement_std;
    const float position_gain = position_var / total_var;
    const float velocity_gain = covariance / total_var;
    const float surprise = measured - position;
    position += position_gain * surprise;
    velocity += velocity_gain * surprise;
    velocity_var -= velocity_gain * covariance;
    covariance -= position_gain * covariance;
    position_var -= position_gain * position_var;
  }
};

}  // namespace penstock
