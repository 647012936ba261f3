// SPDX-License-Identifier: MIT
/*
 * `provoke KIND [MILLISECONDS]`: loads the driver that breaks rules, asks it to break one, and
 * says how the request ended. It is waited for so long at most, then cancelled, then left behind.
 * The result is 0 whenever the request ended or could be left; the driver is never believed.
 */
#include "ash/file.h"
#include "ash/manager.h"
#include "ash/start.h"
#include "ash/thread.h"
#include "kinds.h"
#include "pnp.h"
#include "task.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 1000u
#define LOAD_TRIES  50u

static const struct {
    const char *name, *help;
} kinds[] = {
#define ROW(number, name, help) {name, help},
    MISBEHAVE_KINDS(ROW)
#undef ROW
};

static ash_word after(ash_word milliseconds)
{
    return ash_time() + ash_ticks(milliseconds * 1000);
}

static int fail(const char *what, ash_status status)
{
    printf("provoke: %s: status 0x%08x\n", what, (unsigned)status);
    return 1;
}

/* An instance that died a moment ago may still be on its way out. */
static ash_status load(void)
{
    const struct ash_pnp_load_request request = {.name = "misbehave"};
    struct ash_pnp_load_reply reply;
    ash_status status = STATUS_UNSUCCESSFUL;
    for (unsigned i = 0; i < LOAD_TRIES; i++) {
        status = ash_request(ASH_SLOT_PNP, ASH_PNP_LOAD, &request, sizeof(request), &reply,
                             sizeof(reply));
        if (ash_success(status))
            break;
        ash_sleep_until(after(100));
    }
    return status;
}

static ash_status open_device(struct ash_file **file)
{
    ash_status status = STATUS_NO_SUCH_DEVICE;
    for (unsigned i = 0; i < MISBEHAVE_DEVICES; i++) {
        char path[40];
        snprintf(path, sizeof(path), "\\Device\\Misbehave%u", i);
        status = ash_open(path, ASH_FILE_READ_DATA, ASH_FILE_OPEN, 0, file);
        if (ash_success(status))
            return status;
    }
    return status;
}

static int say_end(const char *kind, const struct ash_io *io, const char *how)
{
    printf("provoke: %s: the request ended %swith status 0x%08x, %lu bytes\n", kind, how,
           (unsigned)io->status, (unsigned long)io->information);
    return 0;
}

/*
 * A driver may break its rule after it has completed the request. It takes one request after the
 * other, so when it has answered a harmless one, or died over it, what it did is done and reported.
 */
static void let_it_happen(struct ash_file *file, char *buffer, ash_word patience)
{
    static struct ash_io io;
    if (ash_success(ash_read_start(file, buffer, 512, MisbehaveGood, &io)))
        (void)ash_io_wait_until(&io, after(patience));
}

static int provoke(struct ash_file *file, unsigned kind, ash_word patience)
{
    static struct ash_io io;
    char *buffer = ash_io_buffer_alloc(4096);
    ash_status status =
        buffer == nullptr ? STATUS_NO_MEMORY : ash_read_start(file, buffer, 512, kind, &io);
    if (!ash_success(status))
        return fail("the request", status);
    if (ash_io_wait_until(&io, after(patience))) {
        if (ash_success(io.status))
            let_it_happen(file, buffer, patience);
        return say_end(kinds[kind].name, &io, "");
    }
    ash_io_cancel(&io);
    if (ash_io_wait_until(&io, after(patience)))
        return say_end(kinds[kind].name, &io, "after it was cancelled, ");
    printf("provoke: %s: no answer, not even to the cancellation; left behind\n", kinds[kind].name);
    return 0;
}

static int usage(void)
{
    printf("usage: provoke KIND [MILLISECONDS]\n");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        printf("  %-12s %s\n", kinds[i].name, kinds[i].help);
    return 1;
}

int main(int argc, char **argv)
{
    unsigned kind = 0;
    struct ash_file *file;
    while (argc > 1 && kind < MisbehaveCount && strcmp(kinds[kind].name, argv[1]) != 0)
        kind++;
    if (argc < 2 || kind == MisbehaveCount)
        return usage();
    ash_status status = load();
    if (!ash_success(status))
        return fail("loading the driver", status);
    status = open_device(&file);
    if (!ash_success(status))
        return fail("opening its device", status);
    return provoke(file, kind, argc > 2 ? strtoul(argv[2], nullptr, 10) : PATIENCE_MS);
}
