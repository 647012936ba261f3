// SPDX-License-Identifier: MIT
//
// What an INF says of a device's message-signalled interrupts; see inf_driver.h. Documentation:
// "Enabling Message-Signaled Interrupts in the Registry", "INF DDInstall.HW Section".
#include "inf_driver.h"

#define MESSAGES_KEY "Interrupt Management\\MessageSignaledInterruptProperties"

static bool has_field(const struct inf_line *line, unsigned index, const char *text)
{
    char field[INF_PATH_LEN];
    return inf_field(line, index, field, sizeof field, nullptr, nullptr) == INF_OK &&
           inf_equal(field, text);
}

// One AddReg line: HKR, subkey, value-entry-name, flags, value.
static enum inf_status value_line(const struct inf_line *line, struct inf_messages *messages,
                                  struct inf_error *error)
{
    uint32_t value;
    if (!has_field(line, 1, "HKR") || !has_field(line, 2, MESSAGES_KEY)) {
        return INF_OK;
    }
    bool supported = has_field(line, 3, "MSISupported");
    if (!supported && !has_field(line, 3, "MessageNumberLimit")) {
        return INF_OK;
    }
    enum inf_status status = inf_field_number(line, 5, &value, error);
    if (status != INF_OK) {
        return status;
    }
    if (supported) {
        messages->supported = value == 1;
    } else {
        messages->limit = value;
    }
    return INF_OK;
}

static enum inf_status each_value(const struct inf *inf, const char *section,
                                  struct inf_messages *messages, struct inf_error *error)
{
    struct inf_iterator it = inf_section(inf, section);
    struct inf_line line;
    enum inf_status status;
    while ((status = inf_next(&it, &line, error)) == INF_OK) {
        status = value_line(&line, messages, error);
        if (status != INF_OK) {
            return status;
        }
    }
    return status == INF_END ? INF_OK : status;
}

// AddReg = section[, section] ...
static enum inf_status add_reg(const struct inf_line *line, struct inf_messages *messages,
                               struct inf_error *error)
{
    char section[INF_SECTION_MAX + 1];
    enum inf_status status = INF_OK;
    for (unsigned i = 1; has_field(line, 0, "AddReg") && i <= line->values && status == INF_OK;
         i++) {
        status = inf_field(line, i, section, sizeof section, nullptr, error);
        if (status == INF_OK) {
            status = each_value(line->inf, section, messages, error);
        }
    }
    return status;
}

enum inf_status inf_device_messages(const struct inf *inf, const char *install_section,
                                    struct inf_messages *messages, struct inf_error *error)
{
    char section[2 * INF_SECTION_MAX + 2];
    struct inf_line line;
    enum inf_status status;
    if (inf_decorate(inf, install_section, ".HW", section, sizeof section, nullptr) != INF_OK) {
        return INF_OK;
    }
    struct inf_iterator it = inf_section(inf, section);
    while ((status = inf_next(&it, &line, error)) == INF_OK) {
        status = add_reg(&line, messages, error);
        if (status != INF_OK) {
            return status;
        }
    }
    return status == INF_END ? INF_OK : status;
}
