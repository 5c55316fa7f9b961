// Speech for the demo from espeak-ng, where it is installed.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string>
#include <vector>

#include <viseme/core/error.hpp>

extern char** environ;

namespace viseme::demo {

/// What the drawn person says for training: every English sound in many neighbourhoods, about 25 s a text.
inline constexpr const char* training_texts[] = {
    "A large brown dog was lying on the porch, watching the rain fall over the valley. Five young geese flew past the old mill. "
    "Please put both of the blue cups beside the teapot. The choir sang a joyful tune while the judge measured the boys' height. "
    "Who would choose to move house in the month of June? My father thought the water was far too warm. Papa bought a pipe, but Bob made "
    "the mop.",
    "She sells fresh fish and chips at the usual place near the beach. Thick smoke rose through the thin cloth, though nobody breathed it. "
    "Very few of us have ever heard a wolf howl at noon. The zebra's vision was hazy, and the azure sky was beige with dust. "
    "Open the window, Amy, and hand me a map of Maine. Oh no, we all know how slowly a boat goes when it is towed!",
    "Yesterday a yellow canary ate half an onion. Good cooks look for sugar, butter and a wooden spoon. Quick questions require quiet "
    "answers. "
    "The loud crowd found its way around the town hall. Nine tired men pulled the engine along the long iron track. "
    "Art class starts at a quarter past four. Each evening these people eat green beans and cheese. Why might Mike buy a lime pie by July?",
};

/// Speaks `text` into a WAV file. `speed` in words a minute, `pitch` 0 .. 99. Throws `error` when espeak-ng is missing or fails.
inline void speak(const std::string& text, int speed, int pitch, const std::filesystem::path& wav) {
  std::array<std::string, 11> arguments{"espeak-ng", "-v",         "en-us", "-s", std::to_string(speed), "-p", std::to_string(pitch),
                                        "-w",        wav.string(), "--",    text};
  std::vector<char*> argv;
  for (auto& a : arguments) argv.push_back(a.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failed = posix_spawnp(&child, "espeak-ng", &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  int status = -1;
  while (!failed && waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  require(failed == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 && std::filesystem::exists(wav), "speech synthesis",
          "espeak-ng is not installed or failed", "install espeak-ng, or give a recording with --speech (weights/demo/speech.ogg)");
}

}  // namespace viseme::demo
