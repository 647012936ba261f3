// SPDX-License-Identifier: MIT
/*
 * The plan, campaign/plan of the boot package. Lines, which tools/ashlar/campaign_plan.py writes:
 *
 *     target NAME            disk OPTIONS KIB          witness KIB
 *     requests N             patience MILLISECONDS
 *     way ADDRESS...         (hexadecimal, as are OPTIONS, addresses and data)
 *     load MILLISECONDS PERIOD
 *     trial NUMBER KIND ADDRESS DATA SKIP THREAD TARGET
 */
#include "ash/manager.h"
#include "campaign.h"
#include "process.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST ((size_t)4 << 20)

static char *text; /* zero-terminated */
static char *next_trial, *next_cover, *next_load;

static ash_status piece(size_t offset, struct ash_proc_package_reply *reply)
{
    struct ash_proc_package_request request = {.offset = offset, .prefix = "campaign/plan"};
    return ash_request(ASH_SLOT_PROCESS, ASH_PROC_PACKAGE, &request, sizeof(request), reply,
                       sizeof(*reply));
}

static ash_status load(void)
{
    struct ash_proc_package_reply reply;
    ash_status status = piece(0, &reply);
    if (status != STATUS_SUCCESS || reply.size > LARGEST)
        return STATUS_NO_SUCH_FILE;
    size_t size = reply.size;
    text = calloc(1, size + 1);
    if (text == nullptr)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < size && status == STATUS_SUCCESS; at += reply.bytes) {
        status = piece(at, &reply);
        if (reply.bytes == 0 || reply.bytes > size - at)
            return STATUS_NO_SUCH_FILE;
        memcpy(text + at, reply.data, reply.bytes);
    }
    return status;
}

static const char *line_of(const char *word)
{
    size_t length = strlen(word);
    const char *line = text;
    while (line != nullptr && strncmp(line, word, length) != 0) {
        line = strchr(line, '\n');
        line = line != nullptr ? line + 1 : nullptr;
    }
    return line != nullptr ? line + length : nullptr;
}

ash_status plan_load(struct plan *plan)
{
    ash_status status = load();
    if (!ash_success(status))
        return status;
    const char *target = line_of("target "), *disk = line_of("disk "),
               *witness = line_of("witness "), *requests = line_of("requests "),
               *patience = line_of("patience ");
    if (target == nullptr || disk == nullptr || witness == nullptr || requests == nullptr ||
        patience == nullptr || sscanf(target, "%31s", plan->target) != 1 ||
        sscanf(disk, "%x %u", &plan->options, &plan->disk) != 2 ||
        sscanf(witness, "%u", &plan->witness) != 1 ||
        sscanf(requests, "%u", &plan->requests) != 1 ||
        sscanf(patience, "%u", &plan->patience) != 1)
        return STATUS_INVALID_PARAMETER;
    next_trial = (char *)line_of("trial ");
    next_cover = (char *)line_of("way ");
    next_load = (char *)line_of("load ");
    return STATUS_SUCCESS;
}

static unsigned read_data(const char *from, unsigned char *data)
{
    unsigned bytes = 0, byte;
    while (bytes < 8 && sscanf(from + 2 * (size_t)bytes, "%2x", &byte) == 1)
        data[bytes++] = (unsigned char)byte;
    return bytes;
}

bool plan_trial(struct trial *trial)
{
    char kind, data[24], *line = next_trial;
    *trial = (struct trial){};
    if (line == nullptr ||
        sscanf(line, "%u %c %lx %23s %u %u %lx", &trial->number, &kind, &trial->address, data,
               &trial->skip, &trial->thread, &trial->target) != 7)
        return false;
    trial->kind = (enum kind)kind;
    trial->bytes = read_data(data, trial->data);
    line = strstr(line, "\ntrial ");
    next_trial = line != nullptr ? line + 7 : nullptr;
    return true;
}

bool plan_load_next(unsigned *milliseconds, unsigned *period)
{
    char *line = next_load;
    if (line == nullptr || sscanf(line, "%u %u", milliseconds, period) != 2)
        return false;
    line = strstr(line, "\nload ");
    next_load = line != nullptr ? line + 6 : nullptr;
    return true;
}

unsigned plan_cover(uint32_t *address, unsigned most)
{
    unsigned count = 0;
    while (next_cover != nullptr && count < most) {
        char *end;
        address[count] = (uint32_t)strtoul(next_cover, &end, 16);
        if (end != next_cover) {
            count++;
            next_cover = end;
            continue;
        }
        next_cover = strstr(next_cover, "\nway ");
        next_cover = next_cover != nullptr ? next_cover + 5 : nullptr;
    }
    return count;
}
