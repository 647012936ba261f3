// SPDX-License-Identifier: MIT
// Which drivers are verified, and how. What the options mean is the driver kit's business: here
// they are text that a driver gets as an argument when it is loaded.
#include "manager.h"
#include <stdlib.h>
#include <string.h>

#define ENTRIES 16u

static struct ash_io_verify_request entries[ENTRIES]; /* name empty: free */

static struct ash_io_verify_request *find(const char *name)
{
    for (unsigned i = 0; i < ENTRIES; i++)
        if (strcmp(entries[i].name, name) == 0)
            return &entries[i];
    return nullptr;
}

/* Letters, digits and a few signs: the text goes into other texts. */
static bool is_plain(const char *text, size_t room)
{
    static const char signs[] = "-_.,=";
    size_t i = 0;
    for (; i < room && text[i] != '\0'; i++) {
        bool letter = (text[i] | 0x20) >= 'a' && (text[i] | 0x20) <= 'z';
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (!letter && !digit && strchr(signs, text[i]) == nullptr)
            return false;
    }
    return i < room;
}

static ash_status set(const struct ash_io_verify_request *request)
{
    if (request->name[0] == '\0' || !is_plain(request->name, sizeof(request->name)) ||
        !is_plain(request->options, sizeof(request->options)))
        return STATUS_INVALID_PARAMETER;
    struct ash_io_verify_request *entry = find(request->name);
    if (entry == nullptr && request->options[0] == '\0')
        return STATUS_SUCCESS;
    if (entry == nullptr && (entry = find("")) == nullptr)
        return STATUS_INSUFFICIENT_RESOURCES;
    *entry = *request;
    if (request->options[0] == '\0')
        *entry = (struct ash_io_verify_request){};
    return STATUS_SUCCESS;
}

/* ASH_IO_VERIFY */
void io_verify_set(const struct io_call *call)
{
    ash_status status = STATUS_ACCESS_DENIED;
    if (io_driver_of(call->task) == nullptr)
        status = set(call->request);
    port_answer(call->token, status, nullptr, 0, ASH_NULL_CPTR);
}

/* ASH_IO_VERIFIED */
void io_verify_query(const struct io_call *call)
{
    const struct ash_io_index_request *request = call->request;
    ash_word index = request->index;
    for (unsigned i = 0; i < ENTRIES; i++) {
        if (entries[i].name[0] == '\0' || index-- > 0)
            continue;
        port_answer(call->token, STATUS_SUCCESS, &entries[i], sizeof(entries[i]), ASH_NULL_CPTR);
        return;
    }
    io_fail(call, STATUS_NO_MORE_ENTRIES);
}

static void copy_word(char *to, size_t room, const char *from, size_t length)
{
    memset(to, 0, room);
    memcpy(to, from, length < room ? length : room - 1);
}

void io_verify_take(const char *text)
{
    while (*text != '\0') {
        struct ash_io_verify_request request;
        size_t part = strcspn(text, ";"), name = strcspn(text, "; ");
        size_t options = name < part ? name + 1 : part;
        copy_word(request.name, sizeof(request.name), text, name);
        copy_word(request.options, sizeof(request.options), text + options, part - options);
        if (part != 0 && !ash_success(set(&request)))
            port_log("ashlar.verify: cannot use \"%s\"", request.name);
        text += part + (text[part] == ';');
    }
}

unsigned io_verify_setting(const char *name, const char *word)
{
    const char *options = io_verify_options(name);
    const char *found = options != nullptr ? strstr(options, word) : nullptr;
    return found != nullptr ? (unsigned)strtoul(found + strlen(word), nullptr, 10) : 0;
}

const char *io_verify_options(const char *name)
{
    const struct ash_io_verify_request *entry = name[0] != '\0' ? find(name) : nullptr;
    return entry != nullptr ? entry->options : nullptr;
}
