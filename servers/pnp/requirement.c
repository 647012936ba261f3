// SPDX-License-Identifier: MIT
/* See requirement.h. */
#include "requirement.h"
#include "resource.h"
#include <string.h>

#define ALL_HEADER  32u
#define LIST_HEADER 8u
#define DESCRIPTOR  32u
#define TOKEN       0xfffffffeu /* CM_RESOURCE_INTERRUPT_MESSAGE_TOKEN */
#define ALTERNATIVE 8u          /* IO_RESOURCE_ALTERNATIVE */

static uint32_t get32(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void put32(uint8_t *bytes, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
}

static bool is_interrupt(const uint8_t *descriptor)
{
    return descriptor[1] == PNP_INTERRUPT;
}

/* How many messages a descriptor asks for; 0: it is none for messages. */
static uint32_t messages_of(const uint8_t *descriptor)
{
    uint32_t least = get32(descriptor + 8);
    if (!is_interrupt(descriptor) || !(descriptor[4] & PNP_INTERRUPT_MESSAGE) ||
        get32(descriptor + 12) != TOKEN || least > TOKEN)
        return 0;
    return TOKEN - least + 1;
}

static const char *check(const uint8_t *bytes, size_t size)
{
    if (size < ALL_HEADER || get32(bytes) < ALL_HEADER || get32(bytes) > size)
        return "the requirements list is shorter than it says";
    size_t at = ALL_HEADER, end = get32(bytes);
    for (uint32_t lists = get32(bytes + 28); lists > 0; lists--) {
        if (end - at < LIST_HEADER || get32(bytes + at + 4) > (end - at - LIST_HEADER) / DESCRIPTOR)
            return "the requirements list counts more descriptors than it holds";
        at += LIST_HEADER + (size_t)get32(bytes + at + 4) * DESCRIPTOR;
    }
    return nullptr;
}

static void wish(struct pnp_wishes *wishes, uint32_t messages, bool together)
{
    if (wishes->count < PNP_WISHES)
        wishes->item[wishes->count++] =
            (struct pnp_wish){(uint16_t)(messages < UINT16_MAX ? messages : UINT16_MAX), together};
}

/* Messages and a line in one list are alternatives of each other, in that order. */
static void wishes_of(const uint8_t *descriptor, uint32_t count, struct pnp_wishes *wishes)
{
    uint32_t messages = 0;
    bool together = false, line = false;
    for (uint32_t i = 0; i < count; i++, descriptor += DESCRIPTOR) {
        uint32_t more = messages_of(descriptor);
        messages = more > TOKEN - messages ? TOKEN : messages + more;
        together |= more > 1;
        line |= is_interrupt(descriptor) && more == 0;
    }
    if (messages > 0)
        wish(wishes, messages, together);
    if (line)
        wish(wishes, 0, false);
}

const char *pnp_requirements_wishes(const void *list, size_t size, struct pnp_wishes *wishes)
{
    const uint8_t *bytes = list;
    wishes->count = 0;
    const char *rule = check(bytes, size);
    if (rule != nullptr)
        return rule;
    size_t at = ALL_HEADER;
    for (uint32_t lists = get32(bytes + 28); lists > 0; lists--) {
        uint32_t count = get32(bytes + at + 4);
        wishes_of(bytes + at + LIST_HEADER, count, wishes);
        at += LIST_HEADER + (size_t)count * DESCRIPTOR;
    }
    return nullptr;
}

static uint32_t power_of_two(uint32_t number)
{
    while ((number & (number - 1)) != 0)
        number &= number - 1;
    return number;
}

/* What of one alternative stays moves to `to`. Returns its descriptors; 0: the alternative goes. */
static uint32_t limit_one(const uint8_t *from, uint32_t count, unsigned most, uint8_t *to)
{
    uint32_t kept = 0, messages = 0, interrupts = 0;
    bool dropped = false;
    for (uint32_t i = 0; i < count; i++, from += DESCRIPTOR) {
        uint32_t wanted = messages_of(from), left = most - messages;
        uint32_t given = wanted <= left ? wanted : power_of_two(left);
        dropped |= wanted > given;
        if (wanted > 0 && given == 0)
            continue;
        memmove(to, from, DESCRIPTOR);
        if (wanted > 0)
            put32(to + 8, TOKEN - given + 1);
        else if (is_interrupt(to) && messages == 0)
            to[0] &= (uint8_t)~ALTERNATIVE; /* what it was the alternative of is gone */
        messages += given;
        interrupts += is_interrupt(to);
        to += DESCRIPTOR;
        kept++;
    }
    return dropped && interrupts == 0 ? 0 : kept;
}

size_t pnp_requirements_limit(void *list, size_t size, unsigned most)
{
    uint8_t *bytes = list;
    if (check(bytes, size) != nullptr)
        return 0;
    size_t from = ALL_HEADER, to = ALL_HEADER;
    uint32_t left = 0;
    for (uint32_t lists = get32(bytes + 28); lists > 0; lists--) {
        uint32_t count = get32(bytes + from + 4);
        memmove(bytes + to, bytes + from, LIST_HEADER);
        uint32_t kept =
            limit_one(bytes + from + LIST_HEADER, count, most, bytes + to + LIST_HEADER);
        from += LIST_HEADER + (size_t)count * DESCRIPTOR;
        if (kept == 0 && count > 0)
            continue;
        put32(bytes + to + 4, kept);
        to += LIST_HEADER + (size_t)kept * DESCRIPTOR;
        left++;
    }
    put32(bytes, (uint32_t)to);
    put32(bytes + 28, left);
    return left > 0 ? to : 0;
}
