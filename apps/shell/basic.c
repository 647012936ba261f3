// SPDX-License-Identifier: MIT
// Commands that concern the shell itself: help, echo, cd, pwd, clear.
#include "ash/file.h"
#include "shell.h"

static int help_one(const char *name)
{
    const struct command *command = shell_command(name);
    if (command == nullptr)
        return shell_say("%s: no such command; `help` lists them\n", name);
    printf("%s %s\n    %s\n", command->name, command->usage, command->help);
    return 0;
}

static int help(int argc, char **argv)
{
    const struct command *command;
    if (argc == 2)
        return help_one(argv[1]);
    for (unsigned i = 0; (command = shell_command_at(i)) != nullptr; i++) {
        char left[40];
        snprintf(left, sizeof(left), "%s %s", command->name, command->usage);
        printf("  %-31s %s\n", left, command->help);
    }
    printf("Paths: name, \\dir\\name, C:/dir/name, \\Device\\HarddiskVolume1\\name. "
           "\"...\" keeps blanks, ; separates commands.\n");
    return 0;
}

static int echo(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        printf("%s%s", i > 1 ? " " : "", argv[i]);
    printf("\n");
    return 0;
}

static int cd(int, char **argv)
{
    char path[ASH_STRING];
    struct ash_file *file;
    if (!shell_path(argv[1], path))
        return 1;
    ash_status status =
        ash_open(path, ASH_FILE_READ_DATA, ASH_FILE_OPEN, ASH_FILE_DIRECTORY_FILE, &file);
    if (!ash_success(status))
        return shell_fail(path, status);
    ash_close(file);
    shell_set_directory(path);
    return 0;
}

static int pwd(int, char **)
{
    printf("%s\n", shell_directory());
    return 0;
}

static int clear(int, char **)
{
    printf("\033[2J\033[H");
    return 0;
}

const struct command shell_basic_commands[] = {
    {"help", 0, 1, "[COMMAND]", "what there is, and how to use it", help},
    {"echo", 0, SHELL_WORDS, "[TEXT...]", "prints its words", echo},
    {"cd", 1, 1, "DIRECTORY", "changes the current directory", cd},
    {"pwd", 0, 0, "", "prints the current directory", pwd},
    {"clear", 0, 0, "", "clears the terminal", clear},
    {},
};
