/* Compiles the driver interface as C: a driver needs no C++. */
#include "drivers/plugin/penstock_driver.h"

#include <stddef.h>

_Static_assert(offsetof(PenstockDriverApi, size) == 0, "every struct begins with its size");

int main(void) {
  PenstockCompletion completion = {0};
  completion.size = sizeof(completion);
  return completion.code;
}
