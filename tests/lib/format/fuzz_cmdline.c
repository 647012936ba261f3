// SPDX-License-Identifier: MIT
// Fuzz target: kernel command lines.
#include "cmdline.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *text = (const char *)bytes;
    struct cmdline it = {.text = text, .length = size};
    struct cmdline_word word;
    while (cmdline_next(&it, &word) == CMDLINE_OK) {
        char key[32];
        char value[32];
        size_t length;
        if (word.raw_length == 0 || word.raw + word.raw_length > text + size) {
            abort();
        }
        (void)cmdline_word_value(&word, value, sizeof value, &length);
        if (cmdline_word_key(&word, key, sizeof key, &length) == CMDLINE_OK &&
            strlen(key) != length) {
            abort();
        }
    }
    uint64_t number;
    (void)cmdline_get_number(text, size, "n", &number);
    (void)cmdline_has(text, size, "ashlar.quiet");
    return 0;
}
