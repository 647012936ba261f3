// SPDX-License-Identifier: MIT
/*
 * One trial: requests, the fault among them, requests until enough were answered or none comes any
 * more; then the driver is ended if it still lives, with requests in flight, so that the next trial
 * finds a new task without the fault; then every byte of the disk is read.
 */
#include "ash/syscall.h"
#include "ash/task.h"
#include "campaign.h"
#include <stdio.h>

#define MULTIPLIER 0x9e3779b97f4a7c15u
#define INVERSE    0xf1de83e19937733du /* of it, modulo 2^64 */
#define DRAIN_MS   4000u
#define NEW_TRIES  400u
#define NEW_US     5000u

uint64_t content_word(unsigned block, unsigned generation, unsigned word)
{
    return ((uint64_t)(block + 1) << 44 | (uint64_t)generation << 12 | word) * MULTIPLIER;
}

void content_fill(uint64_t *to, unsigned block, unsigned generation)
{
    for (unsigned word = 0; word < BLOCK / 8; word++)
        to[word] = content_word(block, generation, word);
}

bool content_holds(const uint64_t *from, unsigned block, unsigned generation, unsigned first,
                   unsigned words)
{
    for (unsigned word = 0; word < words; word++)
        if (from[word] != content_word(block, generation, first + word))
            return false;
    return true;
}

bool content_of(uint64_t word, unsigned *block, unsigned *generation)
{
    uint64_t plain = word * INVERSE;
    *block = (unsigned)(plain >> 44) - 1;
    *generation = (unsigned)(plain >> 12);
    return *block < BLOCKS && (plain & 0xfff) < BLOCK / 8;
}

struct outcome {
    ash_word task, next; /* that had the fault; the one after it */
    bool put, reached, hung, died, failed, ended;
    char cause[120];
    struct tally with, after; /* until the fault's task was gone; then, of its successor */
    ash_word death_us;
};

static ash_word successor(const char *target, ash_word before)
{
    ash_word task = task_named(target, before);
    for (unsigned i = 0; task == 0 && i < NEW_TRIES; i++) {
        witness_pause(NEW_US);
        task = task_named(target, before);
    }
    return task;
}

/* With requests in flight; the longest gap is what the client sees of it. */
static enum client_state end_driver(struct outcome *outcome, ash_word task)
{
    client_fill();
    ash_word before = ash_time();
    (void)ash_task_kill(task);
    outcome->ended = true;
    enum client_state state = client_drain(DRAIN_MS);
    outcome->death_us = microseconds_since(before);
    return state;
}

static enum client_state work(const struct plan *plan, const struct trial *trial,
                              struct outcome *outcome)
{
    enum client_state state = client_run(trial->skip);
    if (state != CLIENT_FINE)
        return state;
    ash_status status = inject(outcome->task, trial);
    outcome->put = ash_success(status);
    return client_run(plan->requests);
}

static void judge(const struct plan *plan, const struct trial *trial, struct outcome *outcome)
{
    enum client_state state = work(plan, trial, outcome);
    outcome->reached = inject_traps(trial) ? inject_reached(outcome->task)
                                           : outcome->put && trial->kind != KIND_NONE;
    bool alive = task_runs(outcome->task);
    outcome->hung = state == CLIENT_HANGS;
    outcome->failed = state == CLIENT_FAILED;
    outcome->died = !alive;
    if (!alive)
        report_of(outcome->task, outcome->cause, sizeof(outcome->cause));
    if (alive)
        state = end_driver(outcome, outcome->task);
    else if (state != CLIENT_FAILED)
        state = client_drain(DRAIN_MS);
    outcome->with = client_tally();
    client_begin(trial->number + 1);
    outcome->next = state != CLIENT_FAILED ? successor(plan->target, outcome->task) : 0;
    if (outcome->next == 0)
        outcome->failed = true;
    else if (client_verify() != CLIENT_FINE)
        outcome->failed = true;
    outcome->after = client_tally();
}

static void print(const struct trial *trial, const struct outcome *outcome)
{
    const struct tally *with = &outcome->with, *after = &outcome->after;
    const char *witness = witness_verdict();
    printf("{\"trial\":%u,\"reached\":%d,\"died\":%d,\"hung\":%d,\"ended\":%d,\"failed\":%d,"
           "\"answered\":%u,\"errors\":%u,\"status\":\"0x%08x\",\"wrong\":%u,\"stale\":%u,"
           "\"foreign\":%u,\"lost\":%u,\"reopened\":%u,",
           trial->number, outcome->reached, outcome->died, outcome->hung, outcome->ended,
           outcome->failed, with->answered, with->errors, (unsigned)with->status, with->wrong,
           with->stale, with->foreign, with->lost, with->reopened);
    printf("\"disk_wrong\":%u,\"disk_errors\":%u,\"disk_lost\":%u,\"gap_us\":%lu,"
           "\"death_us\":%lu,\"task\":%lu,\"witness\":\"%s\",\"cause\":\"%s\"}\n",
           after->wrong, after->errors, after->lost,
           (unsigned long)microseconds_since(ash_time() - with->gap),
           (unsigned long)outcome->death_us, (unsigned long)outcome->task,
           witness != nullptr ? witness : "", outcome->cause);
}

bool trial_run(const struct plan *plan, const struct trial *trial)
{
    static ash_word current; /* the task that the trial before left */
    if (current == 0 || !task_runs(current))
        current = task_named(plan->target, 0);
    struct outcome outcome = {.task = current};
    if (current == 0)
        return false;
    printf("{\"begin\":%u}\n", trial->number);
    client_begin(trial->number);
    judge(plan, trial, &outcome);
    print(trial, &outcome);
    current = outcome.next;
    return !outcome.failed && outcome.with.lost + outcome.after.lost == 0;
}
