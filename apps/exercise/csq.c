// SPDX-License-Identifier: MIT
/* The sample driver csq: reads that wait in its queue; some are cancelled, the rest get each a
 * number of their own; what a file still waits for when it is closed is given up. */
#include "exercise.h"

#define READS 16u

static struct ash_io reads[READS];
static uint32_t *answers;

static int start(struct ash_file *file)
{
    for (unsigned i = 0; i < READS; i++) {
        ash_status status = ash_read_start(file, &answers[i], sizeof(answers[i]), 0, &reads[i]);
        if (!ash_success(status))
            return wrong("read %u does not start: 0x%08x", i, (unsigned)status);
    }
    return 0;
}

/* Every fourth is cancelled, from the end: those are not served yet. */
static int cancel_some(void)
{
    unsigned cancelled = 0, served = 0;
    uint64_t seen = 0;
    for (unsigned i = READS; i-- > 0;)
        if (i % 4 == 3)
            ash_io_cancel(&reads[i]);
    for (unsigned i = 0; i < READS; i++) {
        ash_status status = ash_io_wait(&reads[i]);
        cancelled += status == STATUS_CANCELLED;
        if (status != STATUS_SUCCESS || reads[i].information != sizeof(uint32_t) ||
            answers[i] >= 64)
            continue;
        served += (seen >> answers[i] & 1) == 0;
        seen |= (uint64_t)1 << answers[i];
    }
    printf("%u reads served, each with a number of its own, %u cancelled\n", served, cancelled);
    return served + cancelled == READS && cancelled >= 1 ? 0 : wrong("that is not all of them");
}

static int close_with_reads(struct ash_file *file)
{
    unsigned given_up = 0;
    if (start(file) != 0)
        return 1;
    ash_status status = ash_close(file);
    for (unsigned i = 0; i < READS; i++)
        given_up += reads[i].done && reads[i].status == STATUS_CANCELLED;
    printf("closed with reads waiting: %u given up\n", given_up);
    return ash_success(status) && given_up >= READS / 2 ? 0 : wrong("they were not given up");
}

int exercise_csq(int, char **)
{
    struct ash_file *file;
    ash_status status = device_open("csq", "\\??\\SampleQueue", &file);
    if (!ash_success(status))
        return wrong("the device does not open: 0x%08x", (unsigned)status);
    answers = ash_io_buffer_alloc(READS * sizeof(*answers));
    if (answers == nullptr)
        return wrong("no memory");
    if (start(file) != 0)
        return 1;
    int result = cancel_some();
    return close_with_reads(file) | result;
}
