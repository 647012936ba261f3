// SPDX-License-Identifier: MIT
/* See irp.h. */
#include "irp.h"
#include "port.h"
#include "sequence.h"

#define GRACE_MS 3000u /* between condemning a holder and giving its IRP up */

static struct power_irp irps[POWER_IRPS];
static ash_word last_ticket, asked;

static bool is_out(const struct power_irp *irp)
{
    return irp->state == POWER_OUT;
}

void power_irp_reset(void)
{
    for (unsigned i = 0; i < POWER_IRPS; i++)
        irps[i] = (struct power_irp){};
    last_ticket = asked = 0;
}

ash_status power_irp_ask(const struct power_irp *wanted)
{
    for (unsigned i = 0; i < POWER_IRPS; i++) {
        if (irps[i].state != POWER_FREE)
            continue;
        irps[i] = *wanted;
        irps[i].state = POWER_WAITING;
        irps[i].ticket = ++last_ticket;
        irps[i].warned = false;
        irps[i].deadline = 0;
        asked += wanted->task != 0;
        return STATUS_SUCCESS;
    }
    return STATUS_INSUFFICIENT_RESOURCES;
}

static void end(struct power_irp *irp, ash_status status, ash_word woke)
{
    irp->status = status;
    irp->woke = woke;
    if (irp->kind == POWER_WAKE_IRP && ash_success(status))
        power_woken(irp->device);
    if (irp->task != 0) {
        irp->state = POWER_TELL;
        return;
    }
    irp->state = POWER_FREE;
    power_sequence_answered(status);
}

/* May the two be out at once? */
static bool collide(const struct power_irp *a, const struct power_irp *b)
{
    if (a->inrush && b->inrush)
        return true;
    return a->device == b->device && a->kind == b->kind && a->kind != POWER_WAKE_IRP;
}

/* What is out, or has waited longer for the same, comes first. */
static bool may_go(const struct power_irp *irp)
{
    for (unsigned i = 0; i < POWER_IRPS; i++) {
        const struct power_irp *other = &irps[i];
        bool before =
            is_out(other) || (other->state == POWER_WAITING && other->ticket < irp->ticket);
        if (other != irp && before && collide(irp, other))
            return false;
    }
    return true;
}

/* False: nothing has changed. */
static bool try_send(struct power_irp *irp)
{
    if (irp->state != POWER_WAITING || !may_go(irp))
        return false;
    ash_status status = port_send(irp);
    if (status == STATUS_DEVICE_BUSY)
        return false; /* no slot: when an answer has come */
    if (status != STATUS_PENDING) {
        end(irp, status, 0);
        return true;
    }
    irp->state = POWER_OUT;
    irp->deadline =
        irp->kind == POWER_WAKE_IRP ? 0 : port_now() + port_ticks(ASH_POWER_WATCHDOG_MS);
    return true;
}

static bool try_tell(struct power_irp *irp)
{
    if (irp->state != POWER_TELL ||
        port_tell(irp->task, irp->number, irp->status, irp->woke) == STATUS_DEVICE_BUSY)
        return false;
    irp->state = POWER_FREE;
    return true;
}

void power_irp_turn(void)
{
    bool again = true;
    while (again) {
        again = false;
        for (unsigned i = 0; i < POWER_IRPS; i++)
            again |= try_send(&irps[i]) || try_tell(&irps[i]);
        again |= power_sequence_turn();
    }
}

void power_irp_answered(ash_word ticket, ash_status status, ash_word woke)
{
    for (unsigned i = 0; i < POWER_IRPS; i++) {
        if (!is_out(&irps[i]) || irps[i].ticket != ticket)
            continue;
        end(&irps[i], status, woke);
        return;
    }
}

ash_status power_irp_cancel(ash_word task, ash_word number)
{
    for (unsigned i = 0; i < POWER_IRPS; i++) {
        if (irps[i].task != task || irps[i].number != number)
            continue;
        if (is_out(&irps[i]))
            port_cancel(irps[i].ticket);
        else if (irps[i].state == POWER_WAITING)
            end(&irps[i], STATUS_CANCELLED, 0);
        else
            continue;
        return STATUS_SUCCESS;
    }
    return STATUS_NOT_FOUND;
}

void power_irp_task_gone(ash_word task)
{
    for (unsigned i = 0; task != 0 && i < POWER_IRPS; i++) {
        struct power_irp *irp = &irps[i];
        if (irp->state == POWER_FREE || irp->task != task)
            continue;
        if (irp->state == POWER_WAITING || irp->state == POWER_TELL)
            irp->state = POWER_FREE;
        else if (is_out(irp) && irp->kind == POWER_WAKE_IRP)
            port_cancel(irps[i].ticket);
    }
}

/* A policy owner holds the system IRP until its device IRP has ended: whoever holds that one is to
 * blame. */
static const struct power_irp *cause(const struct power_irp *irp)
{
    for (unsigned i = 0; irp->kind == POWER_SYSTEM_IRP && i < POWER_IRPS; i++)
        if (is_out(&irps[i]) && irps[i].kind == POWER_DEVICE_IRP && irps[i].device == irp->device)
            return &irps[i];
    return irp;
}

static void expire(struct power_irp *irp, ash_word now)
{
    if (irp->warned) {
        port_cancel(irp->ticket);
        end(irp, STATUS_IO_TIMEOUT, 0);
        return;
    }
    irp->warned = true;
    irp->deadline = now + port_ticks(GRACE_MS);
    port_condemn(cause(irp));
}

ash_word power_irp_clock(ash_word now)
{
    ash_word next = 0;
    for (unsigned i = 0; i < POWER_IRPS; i++) {
        if (is_out(&irps[i]) && irps[i].deadline != 0 && irps[i].deadline <= now)
            expire(&irps[i], now);
        if (is_out(&irps[i]) && irps[i].deadline != 0 && (next == 0 || irps[i].deadline < next))
            next = irps[i].deadline;
    }
    return next;
}

ash_word power_irp_deadline(ash_word device)
{
    ash_word first = 0;
    for (unsigned i = 0; i < POWER_IRPS; i++)
        if (is_out(&irps[i]) && irps[i].device == device && irps[i].deadline != 0 &&
            (first == 0 || irps[i].deadline < first))
            first = irps[i].deadline;
    return first;
}

bool power_irp_can_wake(void)
{
    for (unsigned i = 0; i < POWER_IRPS; i++)
        if (irps[i].kind == POWER_WAKE_IRP && (is_out(&irps[i]) || irps[i].state == POWER_WAITING))
            return true;
    return false;
}

unsigned power_irp_inrush_out(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < POWER_IRPS; i++)
        count += is_out(&irps[i]) && irps[i].inrush;
    return count;
}

ash_word power_irp_asked(void)
{
    return asked;
}
