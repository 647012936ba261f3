// SPDX-License-Identifier: MIT
// Two threads on the two ends of one link, with sleeping and doorbells as in the guest: every
// request must be answered once, with its own data, and nobody may sleep for ever. Run under
// ThreadSanitizer too, where the data itself is checked for races.
#include "fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#define SLOTS    16
#define REQUESTS 200000

struct bell {
    pthread_mutex_t lock;
    pthread_cond_t rung;
    bool set;
};

static struct bell for_answerer = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
static struct bell for_requester = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
static struct test_link link_memory;
static unsigned cancels_seen;

static void ring(struct bell *bell)
{
    pthread_mutex_lock(&bell->lock);
    bell->set = true;
    pthread_cond_signal(&bell->rung);
    pthread_mutex_unlock(&bell->lock);
}

/* A sleep of ten seconds is a lost doorbell. */
static void wait_for(struct bell *bell, const char *who)
{
    struct timespec end;
    timespec_get(&end, TIME_UTC);
    end.tv_sec += 10;
    pthread_mutex_lock(&bell->lock);
    while (!bell->set)
        if (pthread_cond_timedwait(&bell->rung, &bell->lock, &end) != 0) {
            printf("not ok 1 - ring under two threads # %s was never rung\n", who);
            exit(1);
        }
    bell->set = false;
    pthread_mutex_unlock(&bell->lock);
}

static void answer_one(struct ash_answerer *end, int slot, const struct ash_request *request)
{
    uint64_t value;
    memcpy(&value, ash_answerer_input(end, slot), sizeof(value));
    value = value == request->parameter[0] ? value * 3 : 0;
    memcpy(ash_answerer_output(end, slot), &value, sizeof(value));
    struct ash_answer answer = {.information = request->parameter[0] + 1,
                                .inline_size = sizeof(value)};
    if (!ash_answerer_complete(end, slot, &answer))
        abort();
}

static void *answer_all(void *)
{
    struct ash_answerer end;
    ash_answerer_init(&end, &link_memory.info);
    for (unsigned done = 0; done < REQUESTS;) {
        struct ash_request request;
        int slot = ash_answerer_take(&end, &request);
        if (slot == ASH_RING_BROKEN)
            abort();
        while (ash_answerer_cancelled(&end) >= 0)
            cancels_seen++;
        if (slot >= 0) {
            answer_one(&end, slot, &request);
            done++;
            if (done % 3 == 0 && ash_answerer_must_ring(&end))
                ring(&for_requester);
            continue;
        }
        if (ash_answerer_must_ring(&end))
            ring(&for_requester);
        if (ash_answerer_sleep(&end)) {
            wait_for(&for_answerer, "the answerer");
            ash_answerer_awake(&end);
        }
    }
    if (ash_answerer_must_ring(&end))
        ring(&for_requester);
    return nullptr;
}

static bool submit(struct ash_requester *end, uint64_t value)
{
    int slot = ash_requester_alloc(end);
    if (slot < 0)
        return false;
    struct ash_request *request = ash_requester_request(end, slot);
    request->parameter[0] = value;
    request->inline_size = sizeof(value);
    memcpy(ash_requester_inline(end, slot), &value, sizeof(value));
    ash_requester_submit(end, slot, 0);
    if (value % 7 == 0)
        ash_requester_cancel(end, slot);
    return true;
}

static unsigned collect(struct ash_requester *end, bool *seen)
{
    struct ash_answer answer;
    unsigned count = 0;
    for (int slot; (slot = ash_requester_take(end, &answer)) >= 0; count++) {
        uint64_t value, sent = answer.information - 1;
        memcpy(&value, ash_requester_output(end, slot), sizeof(value));
        if (answer.status != 0 || value != sent * 3 || seen[sent]) {
            printf("not ok 1 - ring under two threads # wrong answer\n");
            exit(1);
        }
        seen[sent] = true;
        ash_requester_release(end, slot);
    }
    return count;
}

int main(void)
{
    static bool seen[REQUESTS];
    pthread_t thread;
    struct ash_requester end;
    link_memory = link_make(SLOTS, 64);
    ash_requester_init(&end, &link_memory.info);
    if (pthread_create(&thread, nullptr, answer_all, nullptr) != 0)
        return 1;
    uint64_t sent = 0;
    for (unsigned done = 0; done < REQUESTS;) {
        unsigned burst = (unsigned)(sent * 2654435761u >> 16) % SLOTS + 1;
        while (burst-- > 0 && sent < REQUESTS && submit(&end, sent))
            sent++;
        if (ash_requester_must_ring(&end))
            ring(&for_answerer);
        unsigned now = collect(&end, seen);
        done += now;
        if (now == 0 && done < REQUESTS && ash_requester_sleep(&end)) {
            wait_for(&for_requester, "the requester");
            ash_requester_awake(&end);
        }
    }
    pthread_join(thread, nullptr);
    printf("ok 1 - ring under two threads: %d requests, %u cancels seen\n1..1\n", REQUESTS,
           cancels_seen);
    return 0;
}
