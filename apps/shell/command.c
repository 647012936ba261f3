// SPDX-License-Identifier: MIT
// Finding and running commands.
#include "shell.h"
#include <string.h>

static const struct command *const groups[] = {
    shell_basic_commands,  shell_list_commands,  shell_file_commands,
    shell_stream_commands, shell_task_commands,  shell_device_commands,
    shell_driver_commands, shell_power_commands, shell_pnp_commands,
};

bool shell_finished;

const struct command *shell_command_at(unsigned n)
{
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        for (const struct command *command = groups[i]; command->name != nullptr; command++) {
            if (n-- == 0)
                return command;
        }
    }
    return nullptr;
}

const struct command *shell_command(const char *name)
{
    const struct command *command;
    for (unsigned i = 0; (command = shell_command_at(i)) != nullptr; i++) {
        if (strcmp(command->name, name) == 0)
            return command;
    }
    return nullptr;
}

static int run_words(int count, char **words)
{
    const struct command *command = shell_command(words[0]);
    if (command == nullptr) {
        int result = program_run(count, words);
        return result >= 0 ? result
                           : shell_say("%s: no such command; `help` lists them\n", words[0]);
    }
    if (count - 1 < command->least || count - 1 > command->most)
        return shell_say("usage: %s %s\n", command->name, command->usage);
    return command->run(count, words);
}

int shell_run(const char *line)
{
    static char buffer[2048];
    char *words[SHELL_WORDS];
    int result = 0;
    while (*line != '\0' && !shell_finished) {
        int count = words_next(&line, buffer, sizeof(buffer), words);
        if (count < 0)
            return shell_say("a quote has no end, or there are more than %d words\n",
                             SHELL_WORDS - 1);
        if (count > 0)
            result |= run_words(count, words);
        console_flush();
    }
    return result;
}
