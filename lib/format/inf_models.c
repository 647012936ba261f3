// SPDX-License-Identifier: MIT
//
// Manufacturers, models and the identifier score of a driver package's INF.
#include "inf_driver.h"

#include <string.h>

// Highest system version that a decoration may ask for.
enum { SYSTEM_MAJOR = 10, SYSTEM_MINOR = 0 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

// Matches `prefix` without regard to case and returns what follows, or NULL.
static const char *skip_prefix(const char *text, const char *prefix)
{
    while (*prefix != 0) {
        if (lower(*text++) != lower(*prefix++)) {
            return nullptr;
        }
    }
    return text;
}

static const char *take_number(const char *text, unsigned *value)
{
    unsigned sum = 0;
    while (*text >= '0' && *text <= '9' && sum < 10000) {
        sum = sum * 10 + (unsigned)(*text++ - '0');
    }
    *value = sum;
    return text;
}

// How well a decoration such as NTriscv64.10.0 fits: 0 not at all, else higher is better.
static uint32_t decoration_rank(const char *decoration)
{
    unsigned major = 0;
    unsigned minor = 0;
    const char *p = skip_prefix(decoration, "NT");
    if (p == nullptr) {
        return 0;
    }
    const char *behind = skip_prefix(p, INF_ARCHITECTURE);
    uint32_t architecture = behind != nullptr ? 2 : 1;
    p = behind != nullptr ? behind : p;
    if (*p == '.') {
        p = take_number(p + 1, &major);
        p = *p == '.' ? take_number(p + 1, &minor) : p;
    }
    if ((*p != 0 && *p != '.') || major > SYSTEM_MAJOR ||
        (major == SYSTEM_MAJOR && minor > SYSTEM_MINOR)) {
        return 0;
    }
    // The version is compared first, as documented: a specific version takes precedence.
    return major << 18 | (minor & 0xffff) << 2 | architecture;
}

// Composes the Models section of a manufacturer entry in it->section.
static enum inf_status choose_models(struct inf_model_iterator *it, const struct inf_line *line,
                                     struct inf_error *error)
{
    char name[INF_SECTION_MAX + 1];
    enum inf_status status = inf_field(line, 1, name, sizeof name, nullptr, error);
    if (status != INF_OK) {
        return status;
    }
    uint32_t best = 0;
    size_t length = strlen(name);
    memcpy(it->section, name, length + 1);
    for (unsigned i = 2; i <= line->values; i++) {
        char decoration[INF_SECTION_MAX + 1];
        status = inf_field(line, i, decoration, sizeof decoration, nullptr, error);
        if (status != INF_OK) {
            return status;
        }
        uint32_t rank = decoration_rank(decoration);
        if (rank > best) {
            best = rank;
            it->section[length] = '.';
            memcpy(it->section + length + 1, decoration, strlen(decoration) + 1);
        }
    }
    bool present = inf_has_section(it->inf, it->section);
    return present ? INF_OK : inf_fail(error, INF_NO_MODELS_FOR_PLATFORM, line->line, name);
}

void inf_models(const struct inf *inf, struct inf_model_iterator *it)
{
    *it = (struct inf_model_iterator){.inf = inf};
    it->manufacturers = inf_section(inf, "Manufacturer");
}

static enum inf_status next_manufacturer(struct inf_model_iterator *it, struct inf_error *error)
{
    struct inf_line line;
    enum inf_status status = inf_next(&it->manufacturers, &line, error);
    if (status != INF_OK) {
        return status;
    }
    status = inf_field(&line, line.has_key ? 0 : 1, it->manufacturer, sizeof it->manufacturer,
                       nullptr, error);
    if (status == INF_OK) {
        status = choose_models(it, &line, error);
    }
    if (status == INF_OK) {
        it->models = inf_section(it->inf, it->section);
        it->in_models = true;
    }
    return status;
}

static enum inf_status read_model(const struct inf_line *line, struct inf_model *model,
                                  struct inf_error *error)
{
    model->line = *line;
    model->compatible_count = line->values > 2 ? line->values - 2 : 0;
    enum inf_status status =
        inf_field(line, 0, model->description, sizeof model->description, nullptr, error);
    if (status == INF_OK) {
        status = inf_field(line, 1, model->install_section, sizeof model->install_section, nullptr,
                           error);
    }
    if (status == INF_NO_FIELD || (status == INF_OK && model->install_section[0] == 0)) {
        return inf_fail(error, INF_NO_ENTRY, line->line, "install section of a model");
    }
    if (status != INF_OK) {
        return status;
    }
    status = inf_field(line, 2, model->hardware_id, sizeof model->hardware_id, nullptr, error);
    if (status == INF_NO_FIELD ||
        (status == INF_OK && model->hardware_id[0] == 0 && model->compatible_count == 0)) {
        return inf_fail(error, INF_NO_HARDWARE_ID, line->line, model->description);
    }
    return status;
}

enum inf_status inf_next_model(struct inf_model_iterator *it, struct inf_model *model,
                               struct inf_error *error)
{
    struct inf_line line;
    for (;;) {
        enum inf_status status = it->in_models ? inf_next(&it->models, &line, error) : INF_END;
        if (status == INF_OK) {
            memcpy(model->manufacturer, it->manufacturer, sizeof model->manufacturer);
            return read_model(&line, model, error);
        }
        if (status != INF_END) {
            return status;
        }
        it->in_models = false;
        status = next_manufacturer(it, error);
        if (status != INF_OK) {
            return status;
        }
    }
}

enum inf_status inf_model_compatible_id(const struct inf_model *model, unsigned index,
                                        char id[INF_DEVICE_ID_LEN], struct inf_error *error)
{
    if (index >= model->compatible_count) {
        return INF_NO_FIELD;
    }
    return inf_field(&model->line, 3 + index, id, INF_DEVICE_ID_LEN, nullptr, error);
}

// Position of `id` in a list; `count` when it is not there. Empty IDs match nothing.
static unsigned position(const char *id, const char *const *list, unsigned count)
{
    unsigned i = 0;
    while (i < count && (id[0] == 0 || !inf_equal(id, list[i]))) {
        i++;
    }
    return i;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

// Score when `id`, which stands at `place` among the model's IDs (0: the hardware ID, else the
// compatible IDs from 1), is the one that matches.
static uint32_t id_score(const char *id, unsigned place, const struct inf_device_ids *ids)
{
    unsigned hardware = position(id, ids->hardware_ids, ids->hardware_count);
    if (hardware < ids->hardware_count) {
        return (place == 0 ? 0u : 0x1000u) + least(hardware, 0xfff);
    }
    unsigned compatible = position(id, ids->compatible_ids, ids->compatible_count);
    if (compatible == ids->compatible_count) {
        return INF_NO_MATCH;
    }
    if (place == 0) {
        return 0x2000u + least(compatible, 0xfff);
    }
    return 0x3000u + least(least(compatible, 0xfff) + least(place - 1, 0xf) * 0x100, 0xfff);
}

uint32_t inf_model_score(const struct inf_model *model, const struct inf_device_ids *ids)
{
    uint32_t best = id_score(model->hardware_id, 0, ids);
    for (unsigned i = 0; i < model->compatible_count; i++) {
        char id[INF_DEVICE_ID_LEN];
        if (inf_model_compatible_id(model, i, id, nullptr) == INF_OK) {
            best = least(best, id_score(id, i + 1, ids));
        }
    }
    return best;
}

enum inf_status inf_best_model(const struct inf *inf, const struct inf_device_ids *ids,
                               struct inf_model *model, uint32_t *score, struct inf_error *error)
{
    struct inf_model_iterator it;
    struct inf_model candidate;
    enum inf_status missing = INF_OK;
    *score = INF_NO_MATCH;
    inf_models(inf, &it);
    for (;;) {
        enum inf_status status = inf_next_model(&it, &candidate, error);
        if (status == INF_NO_MODELS_FOR_PLATFORM) {
            missing = status;
            continue;
        }
        if (status == INF_END) {
            return *score == INF_NO_MATCH ? missing : INF_OK;
        }
        if (status != INF_OK) {
            return status;
        }
        uint32_t rank = inf_model_score(&candidate, ids);
        if (rank < *score) {
            *score = rank;
            *model = candidate;
        }
    }
}
