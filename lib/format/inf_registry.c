// SPDX-License-Identifier: MIT
//
// AddReg directives of an INF, and values of the device's hardware key in them; see inf_driver.h.
// Documentation: "INF AddReg Directive", "INF DDInstall.HW Section".
#include "inf_driver.h"

#define TYPE_MASK  0xffff0001u // FLG_ADDREG_TYPE_xxx and FLG_ADDREG_BINVALUETYPE
#define TYPE_DWORD 0x00010001u // FLG_ADDREG_TYPE_DWORD
#define TYPE_MULTI 0x00010000u // FLG_ADDREG_TYPE_MULTI_SZ

enum inf_status inf_each_line(const struct inf *inf, const char *install_section,
                              const char *suffix, inf_line_fn visit, void *context,
                              struct inf_error *error)
{
    char section[2 * INF_SECTION_MAX + 2];
    if (inf_decorate(inf, install_section, suffix, section, sizeof section, nullptr) != INF_OK) {
        return INF_OK;
    }
    return inf_each_line_of(inf, section, visit, context, error);
}

enum inf_status inf_each_line_of(const struct inf *inf, const char *section, inf_line_fn visit,
                                 void *context, struct inf_error *error)
{
    struct inf_iterator it = inf_section(inf, section);
    struct inf_line line;
    enum inf_status status;
    while ((status = inf_next(&it, &line, error)) == INF_OK) {
        status = visit(&line, context, error);
        if (status != INF_OK) {
            return status;
        }
    }
    return status == INF_END ? INF_OK : status;
}

struct add_reg {
    inf_line_fn visit;
    void *context;
};

// AddReg = section[, section] ...
static enum inf_status add_reg(const struct inf_line *line, void *context, struct inf_error *error)
{
    const struct add_reg *to = context;
    char section[INF_SECTION_MAX + 1], key[INF_SERVICE_NAME_LEN];
    enum inf_status status = INF_OK;
    if (inf_field(line, 0, key, sizeof key, nullptr, nullptr) != INF_OK ||
        !inf_equal(key, "AddReg")) {
        return INF_OK;
    }
    for (unsigned i = 1; i <= line->values && status == INF_OK; i++) {
        status = inf_field(line, i, section, sizeof section, nullptr, error);
        if (status == INF_OK) {
            status = inf_each_line_of(line->inf, section, to->visit, to->context, error);
        }
    }
    return status;
}

enum inf_status inf_each_registry_line(const struct inf *inf, const char *install_section,
                                       const char *suffix, inf_line_fn visit, void *context,
                                       struct inf_error *error)
{
    struct add_reg to = {visit, context};
    return inf_each_line(inf, install_section, suffix, add_reg, &to, error);
}

struct wanted {
    const char *key, *name;
    uint32_t *value;
    bool found;
};

static bool is_field(const struct inf_line *line, unsigned index, const char *text)
{
    char field[INF_PATH_LEN];
    enum inf_status status = inf_field(line, index, field, sizeof field, nullptr, nullptr);
    return status == INF_OK ? inf_equal(field, text) : status == INF_NO_FIELD && text[0] == 0;
}

// reg-root, subkey, value-entry-name, flags, value
static bool is_value(const struct inf_line *line, const char *key, const char *name, uint32_t type)
{
    uint32_t flags = 0;
    return is_field(line, 1, "HKR") && is_field(line, 2, key) && is_field(line, 3, name) &&
           inf_field_number(line, 4, &flags, nullptr) == INF_OK && (flags & TYPE_MASK) == type;
}

// The last line that sets a value counts.
static enum inf_status value_line(const struct inf_line *line, void *context,
                                  struct inf_error *error)
{
    struct wanted *wanted = context;
    if (!is_value(line, wanted->key, wanted->name, TYPE_DWORD)) {
        return INF_OK;
    }
    enum inf_status status = inf_field_number(line, 5, wanted->value, error);
    wanted->found |= status == INF_OK;
    return status;
}

enum inf_status inf_device_value(const struct inf *inf, const char *install_section,
                                 const char *key, const char *name, uint32_t *value,
                                 struct inf_error *error)
{
    struct wanted wanted = {key, name, value, false};
    enum inf_status status =
        inf_each_registry_line(inf, install_section, ".HW", value_line, &wanted, error);
    return status != INF_OK ? status : wanted.found ? INF_OK : INF_NO_ENTRY;
}

struct wanted_codes {
    const char *name;
    struct inf_codes *codes;
};

static enum inf_status codes_line(const struct inf_line *line, void *context,
                                  struct inf_error *error)
{
    const struct wanted_codes *wanted = context;
    struct inf_codes *codes = wanted->codes;
    if (!is_value(line, "", wanted->name, TYPE_MULTI)) {
        return INF_OK;
    }
    for (unsigned i = 5; i <= line->values; i++) {
        if (codes->count == INF_CODES_MAX) {
            return inf_fail(error, INF_TOO_MANY_CODES, line->line, wanted->name);
        }
        enum inf_status status = inf_field_number(line, i, &codes->code[codes->count], error);
        if (status == INF_NO_FIELD) {
            return inf_fail(error, INF_NOT_A_NUMBER, line->line, wanted->name);
        }
        if (status != INF_OK) {
            return status;
        }
        codes->count++;
    }
    return INF_OK;
}

enum inf_status inf_device_codes(const struct inf *inf, const char *install_section,
                                 const char *name, struct inf_codes *codes, struct inf_error *error)
{
    struct wanted_codes wanted = {name, codes};
    codes->count = 0;
    return inf_each_registry_line(inf, install_section, ".HW", codes_line, &wanted, error);
}
