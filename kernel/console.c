// SPDX-License-Identifier: MIT
#include "console.h"
#include "arch/sbi.h"
#include "object/capability.h"
#include "sched/preempt.h"

#define PIECE 8u

static alignas(uint64_t) char text[CONSOLE_BYTES];
static size_t sent, queued;

static void send_piece(void)
{
    size_t count = queued - sent < PIECE ? queued - sent : PIECE;
    sbi_console_write(text + sent, count);
    sent += count;
}

unsigned console_drain(void)
{
    while (sent < queued) {
        send_piece();
        if (sent < queued && preemption_wanted())
            return PREEMPTED;
    }
    return ASH_OK;
}

void *console_text(void)
{
    return text;
}

void console_queue(size_t count)
{
    sent = 0;
    queued = count;
}

void console_flush(void)
{
    while (sent < queued)
        send_piece();
}
