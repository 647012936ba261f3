// SPDX-License-Identifier: MIT
/*
 * Waiting. Any number of threads may wait for requests, but the doorbell of all connections is one
 * notification: one of them, the leader, sleeps on it and takes answers for everybody; the others
 * park until their own request is done, or until they are told to lead. A thread that calls
 * ash_io_serve leads for ever.
 *
 * Invariants (under the lock). `leading`: some thread is the leader. If anybody follows, somebody
 * leads or has been told to. `asleep`: the leader is in the kernel; then every connection with a
 * request out has announced sleep.
 */
#include "ash/invoke.h"
#include "ash/manager.h"
#include "ash/slot.h"
#include "ash/syscall.h"
#include "internal.h"

#define TIMER_BIT ((ash_word)1 << 62)

ash_cptr io_notification;
static bool leading, asleep, serving;
static bool announced; /* on more connections than the leader knew */

struct follower {
    struct follower *next;
    ash_cptr notification;
};
static struct follower *followers;

/* The only connection with anything out, if it is that one; else null. */
static struct io_connection *alone(struct io_connection *connection)
{
    return connection != nullptr && io_out == connection->ring.out_count ? connection : nullptr;
}

static void take_from(struct io_connection *connection)
{
    while (connection->ring.out_count != 0 && io_take(connection))
        ;
}

[[gnu::noinline]] static void take_all(void)
{
    for (unsigned i = 0; i < io_count; i++)
        take_from(io_connections[i]);
}

static ash_cptr signal_for(ash_word bit)
{
    ash_cptr slot = ash_slot_alloc();
    if (slot == ASH_NULL_CPTR)
        return slot;
    if (ash_cnode_mint(ASH_SLOT_CNODE, slot, io_notification, ASH_RIGHT_WRITE, bit) == ASH_OK)
        return slot;
    ash_slot_free(slot);
    return ASH_NULL_CPTR;
}

/* A connection that had nothing out when the leader fell asleep has not announced sleep. */
void io_wake_sleeper(struct io_connection *connection)
{
    if (!asleep)
        return;
    announced = true;
    (void)ash_requester_sleep(&connection->ring);
}

/* Announces sleep wherever something is out. False, and nobody sleeps, if an answer is there. */
[[gnu::noinline]] static bool fall_asleep(void)
{
    bool idle = true;
    for (unsigned i = 0; i < io_count && idle; i++) {
        struct io_connection *connection = io_connections[i];
        if (connection->ring.out_count != 0) [[clang::always_inline]]
            idle = ash_requester_sleep(&connection->ring);
    }
    return idle;
}

[[gnu::noinline]] static void wake_up(void)
{
    for (unsigned i = 0; i < io_count; i++) {
        struct io_connection *connection = io_connections[i];
        if (atomic_load_explicit(&connection->ring.requests->asleep, memory_order_relaxed) != 0)
            [[clang::always_inline]]
            ash_requester_awake(&connection->ring);
    }
}

static bool is_done(struct ash_io *io)
{
    return atomic_load_explicit(&io->done, memory_order_acquire);
}

/* One sleep of the leader; `ring` is rung with it in one system call, null: nobody. `only` is the
 * only connection with anything out; null: look. */
static ash_word lead(ash_cptr ring, struct io_connection *only)
{
    ash_word bits = 0;
    leading = true;
    bool idle;
    if (only == nullptr)
        idle = fall_asleep();
    else [[clang::always_inline]]
        idle = ash_requester_sleep(&only->ring);
    if (idle) {
        asleep = true;
        announced = only == nullptr;
        ash_mutex_unlock(&io_lock);
        bits = ring != ASH_NULL_CPTR ? ash_signal_wait(ring, io_notification)
                                     : ash_wait(io_notification);
        ash_mutex_lock(&io_lock);
        asleep = false;
        ring = ASH_NULL_CPTR;
    }
    if (only != nullptr && !announced)
        ash_requester_awake(&only->ring);
    else
        wake_up();
    leading = serving;
    if (ring != ASH_NULL_CPTR)
        ash_signal(ring);
    return bits;
}

/* Parks until io is done, the deadline passes, or this thread is to lead. */
static void follow(struct ash_io *io, ash_word deadline)
{
    struct follower self = {followers, ash_self()->notification};
    followers = &self;
    io->waiter = self.notification;
    ash_mutex_unlock(&io_lock);
    (void)ash_park(deadline);
    ash_mutex_lock(&io_lock);
    io->waiter = ASH_NULL_CPTR;
    struct follower **at = &followers;
    while (*at != &self)
        at = &(*at)->next;
    *at = self.next;
}

/* Nobody leads any more: the next in line does. */
static void appoint(void)
{
    if (!leading && followers != nullptr)
        ash_unpark(followers->notification);
}

ash_status io_finish(struct ash_io *io)
{
    struct io_connection *connection = io->file->connection;
    ash_cptr ring = io_owes_ring(connection) ? connection->doorbell : ASH_NULL_CPTR;
    if (io_held)
        io_ring_held(connection);
    while (!is_done(io)) {
        if (leading) {
            if (ring != ASH_NULL_CPTR)
                ash_signal(ring);
            ring = ASH_NULL_CPTR;
            follow(io, ASH_FOREVER);
            continue;
        }
        [[clang::always_inline]] (void)
        lead(ring, alone(connection)); /* not while there is an answer to take */
        ring = ASH_NULL_CPTR;
        if (alone(connection) != nullptr)
            take_from(connection);
        else
            take_all();
    }
    if (ring != ASH_NULL_CPTR)
        ash_signal(ring);
    appoint();
    return io->status;
}

ash_status ash_io_wait(struct ash_io *io)
{
    ash_mutex_lock(&io_lock);
    ash_status status = is_done(io) ? io->status : io_finish(io);
    ash_mutex_unlock(&io_lock);
    return status;
}

/* The timer rings the notification for completions; which of the two woke us does not matter. */
static bool own_timer(void)
{
    static bool bound;
    ash_cptr slot = bound ? ASH_NULL_CPTR : signal_for(TIMER_BIT);
    if (slot == ASH_NULL_CPTR)
        return bound;
    bound = ash_timer_bind(ASH_SLOT_TIMER, slot) == ASH_OK;
    return bound;
}

static void wait_until(struct ash_io *io, ash_word deadline)
{
    bool pending;
    if (leading) {
        follow(io, deadline);
        return;
    }
    if (!own_timer() || ash_timer_set(ASH_SLOT_TIMER, deadline) != ASH_OK)
        return;
    (void)lead(ASH_NULL_CPTR, nullptr);
    (void)ash_timer_cancel(ASH_SLOT_TIMER, &pending);
}

bool ash_io_wait_until(struct ash_io *io, uint64_t deadline)
{
    ash_mutex_lock(&io_lock);
    if (!io->done && io_owes_ring(io->file->connection))
        ash_signal(io->file->connection->doorbell);
    if (io_held)
        io_ring_held(nullptr);
    take_all();
    while (!io->done && ash_time() < deadline) {
        wait_until(io, deadline);
        take_all();
    }
    bool done = io->done;
    appoint();
    ash_mutex_unlock(&io_lock);
    return done;
}

bool ash_io_done(struct ash_io *io)
{
    ash_mutex_lock(&io_lock);
    while (!io->done && io_take(io->file->connection))
        ;
    bool done = io->done;
    ash_mutex_unlock(&io_lock);
    return done;
}

static void cancel(struct ash_io *io)
{
    struct io_connection *connection = io->file->connection;
    ash_requester_cancel(&connection->ring, io->slot);
    connection->unrung = false;
    if (ash_requester_must_ring(&connection->ring))
        ash_signal(connection->doorbell);
}

void ash_io_cancel(struct ash_io *io)
{
    ash_mutex_lock(&io_lock);
    if (!io->done && io->file->connection->out[io->slot] == io)
        cancel(io);
    ash_mutex_unlock(&io_lock);
}

unsigned ash_io_cancel_if(bool (*chosen)(const struct ash_io *io, const void *context),
                          const void *context)
{
    unsigned count = 0;
    ash_mutex_lock(&io_lock);
    for (unsigned i = 0; i < io_count; i++) {
        struct io_connection *connection = io_connections[i];
        for (unsigned slot = 0; slot < ASH_LINK_DATA_SLOTS; slot++) {
            struct ash_io *io = connection->out[slot];
            if (io == nullptr || !chosen(io, context))
                continue;
            cancel(io);
            count++;
        }
    }
    ash_mutex_unlock(&io_lock);
    return count;
}

ash_status ash_io_signal(unsigned bit, ash_cptr *slot)
{
    ash_mutex_lock(&io_lock);
    ash_status status = io_client_init();
    *slot = ash_success(status) ? signal_for((ash_word)1 << bit) : ASH_NULL_CPTR;
    ash_mutex_unlock(&io_lock);
    return ash_success(status) && *slot == ASH_NULL_CPTR ? STATUS_INSUFFICIENT_RESOURCES : status;
}

ash_status ash_io_serve(void (*on_signals)(uint64_t bits))
{
    ash_mutex_lock(&io_lock);
    ash_status status = io_client_init();
    if (ash_success(status) && leading)
        status = STATUS_DEVICE_BUSY;
    if (!ash_success(status)) {
        ash_mutex_unlock(&io_lock);
        return status;
    }
    serving = leading = true;
    for (;;) {
        take_all();
        ash_word bits = lead(ASH_NULL_CPTR, nullptr) & ~(ash_word)UINT32_MAX;
        if (bits == 0 || on_signals == nullptr)
            continue;
        ash_mutex_unlock(&io_lock);
        on_signals(bits);
        ash_mutex_lock(&io_lock);
    }
}
