#include <string>
#include <vector>

#include "tools/cli/actors_command.h"
#include "tools/cli/bench_command.h"
#include "tools/cli/check_command.h"
#include "tools/cli/command.h"
#include "tools/cli/devices_command.h"
#include "tools/cli/fit_command.h"
#include "tools/cli/graph_command.h"
#include "tools/cli/models_command.h"
#include "tools/cli/program.h"
#include "tools/cli/run_command.h"
#include "tools/cli/schema_command.h"
#include "tools/cli/status_command.h"
#include "tools/cli/version_command.h"

int main(int argc, char** argv) {
  const std::vector<penstock::Command> commands = {penstock::run_command(),
                                                   penstock::check_command(),
                                                   penstock::graph_command(),
                                                   penstock::actors_command(),
                                                   penstock::models_command(),
                                                   penstock::devices_command(),
                                                   penstock::fit_command(),
                                                   penstock::status_command(),
                                                   penstock::top_command(),
                                                   penstock::schema_command(),
                                                   penstock::bench_command(),
                                                   penstock::version_command()};
  const std::vector<std::string> args(argv + 1, argv + argc);
  return penstock::run_program(commands, args);
}
