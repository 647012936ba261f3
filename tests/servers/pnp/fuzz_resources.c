// SPDX-License-Identifier: MIT
/*
 * What a bus driver answers, taken apart: resource lists (parse, translate against themselves,
 * build, parse again: nothing is lost), requirement lists and texts. The first byte chooses.
 */
#include "node.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void fuzz_list(const uint8_t *data, size_t size)
{
    static struct pnp_resources list, again, translated;
    static uint8_t wire[4096];
    unsigned at;
    if (pnp_resources_parse(data, size, &list) != nullptr)
        return;
    require(list.count <= PNP_RESOURCES_MAX);
    size_t bytes = pnp_resources_build(&list, wire, sizeof(wire));
    require((bytes == 0) == (list.count == 0));
    require(pnp_resources_parse(wire, bytes, &again) == nullptr && again.count == list.count);
    const struct pnp_parent parent = {.raw = &list, .translated = &list};
    const struct pnp_parent root = {.all = true};
    const struct pnp_interrupt_choice choice = {8, 1};
    (void)pnp_resources_translate(&again, &parent, choice, &translated, &at);
    (void)pnp_resources_translate(&again, &root, choice, &translated, &at);
    (void)pnp_resources_conflict(&list, &translated);
}

/* The same bytes as requirements: what is limited is a list again, and asks for no more. */
static void fuzz_requirements(const uint8_t *data, size_t size)
{
    struct pnp_wishes before, after;
    uint8_t *copy = malloc(size + 1);
    require(copy != nullptr);
    memcpy(copy, data, size);
    bool good = pnp_requirements_wishes(copy, size, &before) == nullptr;
    size_t left = pnp_requirements_limit(copy, size, 3);
    require(left <= size && (good || left == 0));
    if (left > 0)
        require(pnp_requirements_wishes(copy, left, &after) == nullptr);
    for (unsigned i = 0; left > 0 && i < after.count; i++)
        require(after.item[i].messages <= 3);
    free(copy);
}

static void fuzz_text(const uint8_t *data, size_t size, bool list)
{
    uint8_t back[512];
    char *text = pnp_text(data, size, list);
    if (text != nullptr)
        (void)pnp_text_utf16(text, list, back, sizeof(back));
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] % 3 == 0)
        fuzz_requirements(data + 1, size - 1);
    if (data[0] % 3 == 0)
        fuzz_list(data + 1, size - 1);
    else
        fuzz_text(data + 1, size - 1, data[0] % 3 == 1);
    return 0;
}
