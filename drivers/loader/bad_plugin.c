/* Plug-ins that must be refused, one for each value of PLUGIN; BUILD names them. */
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "drivers/plugin/penstock_driver.h"

#define NO_ENTRY 1
#define NULL_ENTRY 2
#define OTHER_MAJOR 3
#define SHORT_TABLE 4
#define NO_FUNCTIONS 5
#define CRASH_AT_LOAD 6
#define CRASH_IN_ENTRY 7
#define HANG_AT_LOAD 8
#define HANG_IN_ENTRY 9
#define EXIT_AT_LOAD 10
#define UNDEFINED_SYMBOL 11
#define GARBAGE_TABLE 12

#if PLUGIN == CRASH_AT_LOAD
__attribute__((constructor)) static void at_load(void) { raise(SIGSEGV); }
#elif PLUGIN == HANG_AT_LOAD
__attribute__((constructor)) static void at_load(void) {
  for (;;) {
    pause();
  }
}
#elif PLUGIN == EXIT_AT_LOAD
__attribute__((constructor)) static void at_load(void) { _exit(3); }
#elif PLUGIN == UNDEFINED_SYMBOL
int nowhere_defined(void);
#endif

#if PLUGIN != NO_ENTRY
const PenstockDriverApi* penstock_driver_entry(uint32_t abi_major);

const PenstockDriverApi* penstock_driver_entry(uint32_t abi_major) {
  static PenstockDriverApi table;
  (void)abi_major;
  table.size = sizeof(table);
  table.abi_major = PENSTOCK_DRIVER_ABI_MAJOR;
  table.name = "bad";
#if PLUGIN == NULL_ENTRY
  return NULL;
#elif PLUGIN == OTHER_MAJOR
  table.abi_major = PENSTOCK_DRIVER_ABI_MAJOR + 1;
#elif PLUGIN == SHORT_TABLE
  table.size = 100;
#elif PLUGIN == CRASH_IN_ENTRY
  raise(SIGABRT);
#elif PLUGIN == HANG_IN_ENTRY
  for (;;) {
    pause();
  }
#elif PLUGIN == UNDEFINED_SYMBOL
  table.size = (uint32_t)nowhere_defined();
#elif PLUGIN == GARBAGE_TABLE
  return (const PenstockDriverApi*)(uintptr_t)4096;
#endif
  return &table;
}
#endif
