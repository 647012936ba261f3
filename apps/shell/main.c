// SPDX-License-Identifier: MIT
/*
 * The shell's start. It waits until the devices have settled and the volumes are mounted, then
 * takes lines from the terminal; or, when the kernel's command line has ashlar.exec="CMD; CMD",
 * runs those between two marks and powers off:
 *
 *      RS ASHLAR-BEGIN
 *      ... what the commands print ...
 *      RS ASHLAR-END 0            0 if and only if every command succeeded
 */
#include "ash/log.h"
#include "ash/manager.h"
#include "ash/syscall.h"
#include "cmdline.h"
#include "complete.h"
#include "io.h"
#include "pnp.h"
#include "power.h"
#include "shell.h"
#include <isocline.h>
#include <isocline_console.h>
#include <stdlib.h>
#include <string.h>

static char command_line[1024];

static void settle(void)
{
    const struct ash_io_index_request index = {0};
    struct ash_io_mount_reply mount;
    ash_status status = ash_request(ASH_SLOT_PNP, ASH_PNP_SETTLED, nullptr, 0, nullptr, 0);
    if (!ash_success(status))
        ash_log("the devices do not settle: %s", status_name(status));
    (void)ash_request(ASH_SLOT_IO, ASH_IO_MOUNTS, &index, sizeof(index), &mount, sizeof(mount));
}

/* "80x24" of ashlar.terminal. */
static void size_terminal(void)
{
    char value[24], *end;
    size_t length;
    if (cmdline_get(command_line, strlen(command_line), "ashlar.terminal", value, sizeof(value),
                    &length) != CMDLINE_OK)
        return;
    unsigned long columns = strtoul(value, &end, 10);
    unsigned long rows = *end == 'x' ? strtoul(end + 1, &end, 10) : 0;
    if (columns >= 20 && columns <= 1000 && rows >= 2 && rows <= 1000)
        isocline_console_size((uint16_t)columns, (uint16_t)rows);
}

static void execute(const char *commands)
{
    printf("\x1e"
           "ASHLAR-BEGIN\n");
    int result = shell_run(commands);
    printf("\x1e"
           "ASHLAR-END %d\n",
           result);
    console_flush();
    shell_power(ASH_POWER_OFF);
}

static void greet(void)
{
    if (!cmdline_has(command_line, strlen(command_line), "ashlar.quiet"))
        printf("Ashlar. `help` lists the commands.\n");
}

static void converse(void)
{
    size_terminal();
    ic_set_prompt_marker("> ", "> ");
    ic_enable_multiline(false);
    ic_enable_hint(false);
    ic_enable_brace_matching(false);
    ic_enable_brace_insertion(false);
    ic_set_history(nullptr, 100);
    complete_init();
    greet();
    while (!shell_finished) {
        char *line = console_line(shell_directory());
        if (line == nullptr)
            continue; /* Ctrl-C or Ctrl-D: an empty line */
        shell_run(line);
        console_free(line);
    }
}

int main(void)
{
    static char commands[1024];
    size_t length;
    if (!ash_success(ash_command_line(command_line, sizeof(command_line))))
        command_line[0] = '\0';
    settle();
    if (cmdline_get(command_line, strlen(command_line), "ashlar.exec", commands, sizeof(commands),
                    &length) == CMDLINE_OK) {
        execute(commands); /* by the firmware, as logs and reports: no line comes between another */
        return 1;
    }
    if (!console_open())
        return 1;
    converse();
    return 0;
}
