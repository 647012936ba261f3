// SPDX-License-Identifier: MIT
/*
 * The shell: what its files share. A command is one row of a table; it gets its words as main does,
 * prints with printf, and returns 0 or, after it has said what went wrong, 1.
 */
#ifndef SHELL_H
#define SHELL_H

#include "status.h"
#include "task.h"
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SHELL_WORDS 32

struct command {
    const char *name;
    int least, most; /* words behind the name */
    const char *usage, *help;
    int (*run)(int argc, char **argv);
};

/* One table a file of commands; each ends with a row without a name. */
extern const struct command shell_basic_commands[], shell_list_commands[], shell_file_commands[],
    shell_stream_commands[], shell_task_commands[], shell_device_commands[],
    shell_driver_commands[], shell_power_commands[], shell_pnp_commands[];
/* `driver verify ...`: argv[0] is "verify". */
int shell_verify(int argc, char **argv);
[[nodiscard]] const struct command *shell_command(const char *name);
/* The n-th of all commands, or null. */
[[nodiscard]] const struct command *shell_command_at(unsigned n);

/* Runs "CMD; CMD" and answers 0 if each of them did. */
int shell_run(const char *line);

/* --- program.c: runs apps/argv[0] of the boot package and waits for it; its result, or -1 if there
 * is no such program ----------------------------------------------------------------------------
 */
[[nodiscard]] int program_run(int argc, char **argv);
/* Commands: runs argv[1] and goes on; waits for all that were started. */
int program_start(int argc, char **argv);
int program_allow(int argc, char **argv);
int program_wait(int argc, char **argv);

/* Set by the command `exit`; nothing is run after it. */
extern bool shell_finished;

/* --- path.c ----------------------------------------------------------------------------------- */
/* The current directory, as C:\dir. */
[[nodiscard]] const char *shell_directory(void);
/* Makes `text` absolute; false, and said, if it gets too long. */
[[nodiscard]] bool shell_path(const char *text, char path[ASH_STRING]);
/* Pure. `directory` is absolute. */
[[nodiscard]] bool path_absolute(const char *directory, const char *text, char path[ASH_STRING]);
[[nodiscard]] const char *path_name(const char *path); /* last component */
/* directory + '\' + name. */
[[nodiscard]] bool path_join(const char *directory, const char *name, char path[ASH_STRING]);
void shell_set_directory(const char *path);

/* --- words.c: pure ------------------------------------------------------------------------------
 */
/* Cuts the first command off *line into words in `buffer`: blanks separate, "..." groups, ';' ends.
 * The number of words; -1: a quote has no end, or too many or too long words. */
[[nodiscard]] int words_next(const char **line, char *buffer, size_t size, char **words);

/* --- print.c ------------------------------------------------------------------------------------
 */
/* "1.5 MiB", "12 B"; at most 10 characters. */
const char *print_size(uint64_t bytes, char text[16]);
/* Ticks as "12.345 s", "3 min 20 s". */
const char *print_ticks(uint64_t ticks, char text[24]);
/* 100 ns units since 1601 as "2026-11-22 07:51"; "-" for 0. */
const char *print_time(int64_t time, char text[24]);

/* --- status.c -----------------------------------------------------------------------------------
 */
[[nodiscard]] const char *status_name(ash_status status); /* "STATUS_..." or "0x..." */
/* Says "what: STATUS_NAME: next step" and answers 1, the result of a failed command. */
int shell_fail(const char *what, ash_status status);
/* Says "what: why" and answers 1. */
[[gnu::format(printf, 1, 2)]] int shell_say(const char *format, ...);

/* --- console.c ----------------------------------------------------------------------------------
 */
/* Finds the terminal; stdout goes there from now on. False: only the firmware console was found. */
bool console_open(void);
void console_flush(void);
void console_drain(void);
void console_lend(void); /* drains, and reads no more until the next line is read */
/* The next line without its end, null at the end of input. The caller frees it by console_free. */
[[nodiscard]] char *console_line(const char *prompt);
void console_free(char *line);
/* Takes what was typed meanwhile; true if Ctrl-C was. */
[[nodiscard]] bool console_interrupted(void);

/* --- restart.c: driver restart, driver update
 * -------------------------------------------------- */
int shell_restart(int argc, char **argv);

/* --- main.c
 * --------------------------------------------------------------------------------------- */
void shell_power(ash_word action); /* no return if it succeeds */

#endif
