// Holds a claim until its standard input ends or it is killed: the other process of the tests.
// usage: claim_holder FOLDER DRIVER DEVICE MASK
// Prints one line: "held", or why not.

#include <cstdlib>
#include <iostream>
#include <string>

#include "drivers/claims/claim_folder.h"

int main(int count, char** words) {
  if (count != 5) {
    std::cout << "usage: claim_holder FOLDER DRIVER DEVICE MASK" << std::endl;
    return EXIT_FAILURE;
  }
  const auto folder = penstock::ClaimFolder::open_at(words[1]);
  if (!folder.has_value()) {
    std::cout << folder.error().message << std::endl;
    return EXIT_FAILURE;
  }
  const auto claim = folder->claim(words[2], words[3], std::stoull(words[4]));
  std::cout << (claim.has_value() ? "held" : claim.error().message) << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
  }
  return EXIT_SUCCESS;
}
