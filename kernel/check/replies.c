// SPDX-License-Identifier: MIT
/*
 * Replies and donation (object/ipc_objects.h): the Reply objects through which one SchedContext was
 * passed on form a stack, sched.top the newest, reply.below the one before; whoever lent it runs on
 * none meanwhile.
 */
#include "check/checks.h"
#include "object/ipc_objects.h"

static void check_stack(const struct sched_context *sched)
{
    const struct reply *above = nullptr;
    for (const struct reply *reply = sched->top; reply; reply = reply->below) {
        struct entry *entry = live(ASH_OBJ_REPLY, reply);
        RULE(entry, "a lent SchedContext's stack holds live Replies: %p", (const void *)reply);
        RULE(!(entry->mark & MARK_STACKED), "a Reply is in one stack, once: %p",
             (const void *)reply);
        RULE(reply->sched == sched && (!above || reply->above == above),
             "a stack of Replies is doubly linked: %p", (const void *)reply);
        entry->mark |= MARK_STACKED;
        above = reply;
    }
}

static void check_reply(const struct reply *reply, const struct entry *entry)
{
    const void *at = reply;
    RULE(!!(entry->mark & MARK_STACKED) == (reply->sched != nullptr),
         "a Reply is in the stack of the SchedContext lent through it, another in none: %p", at);
    if (reply->caller) {
        MUST_LIVE(ASH_OBJ_THREAD, reply->caller, "the caller that a Reply will answer");
        RULE(reply->caller->reply == reply && reply->caller->state == ASH_THREAD_BLOCKED_REPLY,
             "the caller of a Reply waits for it: %s, state %u", reply->caller->name,
             reply->caller->state);
    }
    if (reply->receiver) {
        MUST_LIVE(ASH_OBJ_THREAD, reply->receiver, "the receiver that waits with a Reply");
        RULE(reply->receiver->state == ASH_THREAD_BLOCKED_RECEIVE &&
                 reply->receiver->receive_reply == reply && !reply->caller,
             "the receiver that waits with a Reply owns it, and it has no caller: %s",
             reply->receiver->name);
    }
}

void check_replies(void)
{
    for (size_t i = 0; i < object_count; i++)
        if (type_of(all_objects[i]) == ASH_OBJ_SCHED_CONTEXT)
            check_stack((const void *)all_objects[i]->slot->cap.object);
    for (size_t i = 0; i < object_count; i++)
        if (type_of(all_objects[i]) == ASH_OBJ_REPLY)
            check_reply((const void *)all_objects[i]->slot->cap.object, all_objects[i]);
}
