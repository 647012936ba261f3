// SPDX-License-Identifier: MIT
/*
 * How late an interrupt reaches its handler in user space, at worst: from a Timer's deadline to the
 * first instruction of the thread that waits for it, which has a higher priority, another address
 * space and live floating-point values. The deadlines wander over the attacking system call in
 * steps of a tick (100 instructions at 10 MHz), because each lies one tick more than the last
 * behind the moment it was set.
 */
#include "attack.h"

#include <stdio.h>

#define FIRST_SLOT      ((ash_word)4096) /* of the attack's */
#define PROBER_PRIORITY 250u
#define LEAST_GAP       25u /* ticks: the attacker gets on in between */
#define MOST_GAP        125u

static ash_cptr untyped, notification;
static ash_word next_slot, worst_of_all, probes;
static unsigned current_round;
static struct probe *probe;

ash_cptr pool(void)
{
    return untyped;
}

ash_cptr pool_slot(void)
{
    return next_slot++;
}

void pool_make_in(enum ash_object_type type, ash_word parameter, ash_cptr cnode, ash_word first,
                  ash_word count)
{
    while (count > 0) {
        ash_word part = count < 1024 ? count : 1024;
        MUST(ash_untyped_retype(untyped, type, parameter, cnode, first, part));
        first += part;
        count -= part;
    }
}

ash_cptr pool_make(enum ash_object_type type, ash_word parameter)
{
    ash_cptr slot = pool_slot();
    pool_make_in(type, parameter, CNODE, slot, 1);
    return slot;
}

ash_cptr pool_cnode(unsigned radix)
{
    return pool_make(ASH_OBJ_CNODE, radix);
}

unsigned attack_round(void)
{
    return current_round;
}

ash_word probe_deadline(void)
{
    return probe->deadline;
}

/* rdcycle and rdtime count the same clock: the least distance ever seen is at the turn of a tick.
 */
static void calibrate(void)
{
    probe->scale = 1000000000 / boot->timebase;
    ash_word least = ~(ash_word)0;
    for (unsigned i = 0; i < 1000; i++) {
        ash_word tick, cycle;
        __asm__ volatile("rdtime %0\nrdcycle %1" : "=r"(tick), "=r"(cycle));
        ash_word zero = cycle - 1 - tick * probe->scale;
        least = zero < least ? zero : least;
    }
    probe->zero = least;
}

static void begin(void)
{
    probe->deadline = 0;
    probe->going_on = 1;
    /* Live floating-point values, which the first switch has to save. */
    __asm__ volatile("fmv.d.x ft0, zero" ::: "ft0");
    ash_signal(notification);
}

static void end(void)
{
    probe->going_on = 0;
    ash_word deadline = probe->deadline;
    while (ash_time() <= deadline)
        ;
    probe->deadline = 0;
}

static void run(const struct attack *attack)
{
    probe->worst = probe->count = 0;
    for (current_round = 0; current_round < attack->rounds; current_round++) {
        next_slot = FIRST_SLOT;
        attack->prepare();
        begin();
        attack->strike();
        MUST(ash_cnode_revoke(CNODE, untyped));
        end();
    }
    probes += probe->count;
    if (probe->worst > worst_of_all)
        worst_of_all = probe->worst;
    printf("{\"name\":\"latency.%s\",\"value\":%lu,\"unit\":\"instructions\"}\n", attack->name,
           (unsigned long)probe->worst);
}

static void nothing(void)
{
}

/* What a handler waits for while nobody is in the kernel. */
static void compute(void)
{
    ash_word until = ash_time() + ash_ticks(5000);
    while (ash_time() < until)
        ;
}

static const struct attack no_attack[] = {{"none", nothing, compute, 1}, {}};

static void run_all(const struct attack *attack)
{
    for (; attack->name; attack++)
        run(attack);
}

void measure_latency(void)
{
    untyped = make(ASH_OBJ_UNTYPED, POOL_BYTES);
    notification = make_notification();
    ash_cptr timer = make(ASH_OBJ_TIMER, 0);
    MUST(ash_timer_bind(timer, notification));
    struct remote prober = remote_run(&(struct remote_start){
        .entry = remote_prober, .priority = PROBER_PRIORITY, .a1 = notification, .a2 = timer});
    probe = remote_probe();
    probe->gap = probe->least = LEAST_GAP;
    probe->most = MOST_GAP;
    calibrate();
    run_all(no_attack);
    run_all(capability_attacks);
    run_all(memory_attacks);
    run_all(thread_attacks);
    run_all(message_attacks);
    printf("{\"name\":\"latency.worst\",\"value\":%lu,\"unit\":\"instructions\"}\n",
           (unsigned long)worst_of_all);
    printf("{\"name\":\"latency.probes\",\"value\":%lu,\"unit\":\"interrupts\"}\n",
           (unsigned long)probes);
    remote_stop(&prober);
}
