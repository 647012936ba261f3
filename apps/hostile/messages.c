// SPDX-License-Identifier: MIT
// Messages and capabilities that no honest task would send.
#include "hostile.h"
#include "io.h"
#include "kernel/object.h"
#include "memory.h"
#include "pnp.h"
#include "process.h"
#include "task.h"
#include <stdio.h>

#define MESSAGES 4000u
#define FORGED   3000u

/* Operations that end the caller, take away its own memory, or wait until another task ends are as
 * legal as they look, and so is waiting for the next event. */
static bool spoils_the_test(ash_cptr manager, ash_word op)
{
    if (manager == ASH_SLOT_MEMORY)
        return op == ASH_MEM_UNMAP || op == ASH_MEM_PROTECT;
    if (manager == ASH_SLOT_PNP)
        return op == ASH_PNP_NEXT_EVENT;
    if (manager != ASH_SLOT_PROCESS)
        return false;
    return op == ASH_PROC_THREAD_EXIT || op == ASH_PROC_EXIT || op == ASH_PROC_BUGCHECK ||
           op == ASH_PROC_WAIT || op == ASH_PROC_FAULT_HANDLER;
}

static ash_word random_operation(void)
{
    return random_below(16) == 0 ? awkward_word() : random_below(72);
}

static ash_cptr forged_capability(void)
{
    switch (random_below(3)) {
    case 0:
        return random_below(64);
    case 1:
        return random_below(1024);
    default:
        return random_word();
    }
}

static void fill_buffer(void)
{
    for (unsigned i = 0; i < ASH_MSG_WORDS; i++)
        ash_ipc()->msg[i] = awkward_word();
    for (unsigned i = 0; i < ASH_MSG_CAPS; i++)
        ash_ipc()->caps[i] = forged_capability();
    ash_ipc()->receive_cnode = random_below(4) == 0 ? forged_capability() : ASH_SLOT_CNODE;
    ash_ipc()->receive_index = 600 + random_below(400);
}

static struct ash_message random_message(ash_word op)
{
    fill_buffer();
    return (struct ash_message){
        .info = ash_info(op, (unsigned)random_below(ASH_MSG_WORDS + 1), (unsigned)random_below(4)),
        .mr = {awkward_word(), awkward_word(), awkward_word(), awkward_word()}};
}

/* A Call, a Send or an NBSend; true if the manager answered with success. */
static bool send_one(ash_cptr manager)
{
    ash_word op = random_operation();
    if (spoils_the_test(manager, op))
        return false;
    struct ash_message message = random_message(op);
    switch (random_below(16)) {
    case 0:
        ash_send(manager, &message);
        return false;
    case 1:
        ash_nbsend(manager, &message);
        return false;
    default:
        ash_call(manager, &message);
        return (message.info & ASH_INFO_KERNEL) == 0 &&
               ash_success((ash_status)(uint32_t)ash_info_label(message.info));
    }
}

static int messages_to(const char *name, ash_cptr manager)
{
    unsigned accepted = 0;
    for (unsigned i = 0; i < MESSAGES; i++)
        accepted += send_one(manager);
    printf("hostile: %u messages to %s, %u of them accepted\n", MESSAGES, name, accepted);
    return 0;
}

static int to_memory(void)
{
    return messages_to("memory", ASH_SLOT_MEMORY);
}

static int to_process(void)
{
    return messages_to("process", ASH_SLOT_PROCESS);
}

static int to_object(void)
{
    return messages_to("object", ASH_SLOT_OBJECT);
}

static int to_io(void)
{
    return messages_to("io", ASH_SLOT_IO);
}

static int to_pnp(void)
{
    return messages_to("pnp", ASH_SLOT_PNP);
}

/* Every slot from 10 on, and paths that lead nowhere, with every kind of system call. */
static void forge_one(ash_cptr path)
{
    struct ash_message message = random_message(random_below(96));
    switch (random_below(5)) {
    case 0:
        ash_call(path, &message);
        break;
    case 1:
        ash_nbsend(path, &message);
        break;
    case 2:
        ash_nbrecv(path, forged_capability(), &message);
        break;
    case 3:
        (void)ash_poll(path);
        break;
    default:
        ash_signal(path);
        break;
    }
}

static int capabilities(void)
{
    unsigned stolen = 0;
    for (unsigned i = 0; i < FORGED; i++) {
        ash_cptr path = random_word() | (ash_word)1 << 40;
        if (random_below(2) == 0)
            path = ASH_SLOT_CONFIG + random_below(1024 - ASH_SLOT_CONFIG);
        forge_one(path);
    }
    for (ash_word source = ASH_SLOT_CONFIG; source < 1024; source++) {
        struct ash_message message = {.info = ash_info(ASH_CNODE_COPY, 3, 0),
                                      .mr = {1000, source, ASH_RIGHT_ALL}};
        bool own = source == ASH_SLOT_NOTIFICATION || source == ASH_SLOT_TIMER;
        ash_call(ASH_SLOT_CNODE, &message);
        stolen += ash_info_label(message.info) == 0 && !own;
    }
    printf("hostile: %u forged paths, %u capabilities that were not given\n", FORGED, stolen);
    return stolen != 0;
}

static int power(void)
{
    struct ash_message message = random_message(1);
    ash_call(ASH_SLOT_POWER, &message);
    bool refused = (message.info & ASH_INFO_KERNEL) != 0;
    message = (struct ash_message){.info = ash_info(ASH_FIRMWARE_RESET, 2, 0)};
    ash_call(ASH_SLOT_FIRMWARE, &message);
    refused = refused && ash_info_label(message.info) != 0;
    printf("hostile: switching the machine off was %s\n", refused ? "refused" : "allowed");
    return !refused;
}

const struct kind message_kinds[] = {
    {"memory", "random messages to the memory manager", to_memory},
    {"process", "random messages to the process manager", to_process},
    {"object", "random messages to the object manager", to_object},
    {"io", "random messages to the I/O manager", to_io},
    {"pnp", "random messages to the plug-and-play manager", to_pnp},
    {"capabilities", "capability paths that were never given", capabilities},
    {"power", "tries to switch the machine off", power},
    {},
};
