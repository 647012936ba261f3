// SPDX-License-Identifier: MIT
/* See stress.h. Prints between the marks of exec mode, then powers the machine off. */
#include "ash/manager.h"
#include "ash/start.h"
#include "ash/syscall.h"
#include "ash/task.h"
#include "cmdline.h"
#include "memory.h"
#include "pnp.h"
#include "power.h"
#include "stress.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define REQUESTS   160u /* of a round, at least */
#define SETTLE_MS  5000u
#define ENDS_MOST  3u /* of drivers, in a round */
#define LOOKS_MOST 2u /* while devices run */

static uint64_t state;

uint64_t random_word(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * 0x2545f4914f6cdd1du;
}

unsigned random_below(unsigned limit)
{
    return (unsigned)((random_word() >> 32) % limit);
}

bool wrong(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("stress: ");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    return false;
}

/* --- What devices reach ----------------------------------------------------------------------- */

typedef struct ash_mem_dma_walk_reply reach;

static bool look(reach *found)
{
    ash_status status =
        ash_request(ASH_SLOT_PROCESS, ASH_PROC_DMA_WALK, nullptr, 0, found, sizeof(*found));
    if (!ash_success(status))
        return wrong("what devices reach is not told: 0x%08x", (unsigned)status);
    if (found->stale != 0)
        return wrong("device 0x%lx reaches 0x%lx, and %lu pages in all, which nothing names",
                     (unsigned long)found->device, (unsigned long)found->address,
                     (unsigned long)found->stale);
    return found->missing == 0 ||
           wrong("%lu pages are named that no device reaches", (unsigned long)found->missing);
}

/* Nothing is asked of any device: none reaches what was there for a request, or was taken back. */
static bool look_settled(reach *found)
{
    ash_word until = ash_time() + ash_ticks(SETTLE_MS * 1000);
    do {
        if (!look(found))
            return false;
        if (found->open == 0 && found->closed == 0)
            return true;
    } while (ash_time() < until);
    return wrong("nothing is asked of a device, and %lu pages are open, %lu of closed grants",
                 (unsigned long)found->open, (unsigned long)found->closed);
}

/* --- Rounds ----------------------------------------------------------------------------------- */

static struct disk *disks[DISKS];
static unsigned disk_count;

static bool end_driver(void)
{
    static const char *const drivers[] = {"virtio-blk", "nvme"};
    ash_word task;
    const char *name = drivers[random_below(2)];
    /* not there: it is being started again */
    return ash_success(ash_task_find(name, &task)) && ash_success(ash_task_kill(task));
}

static bool all(bool (*what)(struct disk *disk))
{
    bool good = true;
    for (unsigned i = 0; i < disk_count; i++)
        good = what(disks[i]) && good;
    return good;
}

struct happening {
    unsigned end[ENDS_MOST], look[LOOKS_MOST]; /* before which requests */
};

static bool among(const unsigned *numbers, unsigned count, unsigned number)
{
    for (unsigned i = 0; i < count; i++)
        if (numbers[i] == number)
            return true;
    return false;
}

static bool work(unsigned requests, struct tally *tally, unsigned *ended)
{
    struct happening at;
    reach found;
    for (unsigned i = 0; i < ENDS_MOST; i++)
        at.end[i] = random_below(2 * requests); /* some never */
    for (unsigned i = 0; i < LOOKS_MOST; i++)
        at.look[i] = random_below(requests);
    for (unsigned i = 0; i < requests; i++) {
        if (!disk_step(disks[random_below(disk_count)], tally))
            return false;
        if (among(at.end, ENDS_MOST, i))
            *ended += end_driver();
        if (among(at.look, LOOKS_MOST, i) && !look(&found))
            return false;
    }
    return true;
}

/* Who answers has been started again if he was ended. */
static bool all_work(struct tally *tally)
{
    for (unsigned i = 0; i < disk_count; i++)
        if (!disk_step(disks[i], tally))
            return false;
    return all(disk_drain);
}

static bool run_round(unsigned number, uint64_t seed)
{
    struct tally tally = {};
    reach found;
    unsigned ended = 0;
    state = seed;
    unsigned requests = REQUESTS + random_below(REQUESTS);
    printf("round %u, seed 0x%016lx: ", number, (unsigned long)seed);
    if (!work(requests, &tally, &ended) || !all(disk_drain) || !all_work(&tally))
        return false;
    bool let_go = random_below(2) == 0;
    for (unsigned i = 0; let_go && i < disk_count; i++)
        disk_let_go(disks[i]);
    if (!look_settled(&found))
        return false;
    if (found.devices != disk_count)
        return wrong("%lu devices have an IoSpace", (unsigned long)found.devices);
    printf("%u strict, %u registered, %u copied, %u renewed, %u drivers ended; %lu devices: "
           "%lu lasting, %lu open, %lu closed, %lu stale\n",
           tally.strict, tally.registered, tally.copied, tally.renewed, ended,
           (unsigned long)found.devices, (unsigned long)found.lasting, (unsigned long)found.open,
           (unsigned long)found.closed, (unsigned long)found.stale);
    return true;
}

static uint64_t number_of(const char *key, uint64_t usual)
{
    static char line[1024];
    uint64_t value;
    if (!ash_success(ash_command_line(line, sizeof(line))) ||
        cmdline_get_number(line, strlen(line), key, &value) != CMDLINE_OK)
        return usual;
    return value;
}

static bool run(void)
{
    uint64_t seed = number_of("stress.seed", 1);
    unsigned rounds = (unsigned)number_of("stress.rounds", 8);
    state = seed * 0x9e3779b97f4a7c15u + 1;
    while (disk_count < DISKS && (disks[disk_count] = disk_open(disk_count)) != nullptr)
        disk_count++;
    if (disk_count < 2)
        return wrong("too few disks: %u", disk_count);
    for (unsigned i = 0; i < rounds; i++)
        if (!run_round(i, (seed * 0x9e3779b97f4a7c15u + i + 1) * 0xd1342543de82ef95u))
            return false;
    if (!all(disk_verify))
        return false;
    printf("%u rounds on %u disks: as it should be\n", rounds, disk_count);
    return true;
}

int main(void)
{
    ash_status status = ash_request(ASH_SLOT_PNP, ASH_PNP_SETTLED, nullptr, 0, nullptr, 0);
    printf("\x1e"
           "ASHLAR-BEGIN\n");
    bool good = ash_success(status) ? run() : wrong("the devices do not settle");
    printf("\x1e"
           "ASHLAR-END %d\n",
           !good);
    const struct ash_power_action_request off = {.action = ASH_POWER_OFF};
    (void)ash_request(ASH_SLOT_POWER, ASH_POWER_ACTION, &off, sizeof(off), nullptr, 0);
    return !good;
}
