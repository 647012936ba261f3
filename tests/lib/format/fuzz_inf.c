// SPDX-License-Identifier: MIT
// Fuzz target: INF files, both layers.
#include "inf_driver.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

// An error must say what it returns, and its line must exist.
static void expect(enum inf_status status, const struct inf_error *error)
{
    bool told =
        status == INF_OK || status == INF_END || status == INF_NO_FIELD || error->status == status;
    if (!told || memchr(error->detail, 0, sizeof error->detail) == nullptr) {
        abort();
    }
}

static void read_fields(const struct inf *inf, const char *section)
{
    struct inf_iterator it = inf_section(inf, section);
    struct inf_line line;
    struct inf_error error = {0};
    while (inf_next(&it, &line, &error) == INF_OK) {
        for (unsigned i = 0; i <= line.values && i < 8; i++) {
            char text[16];
            size_t length;
            uint32_t number;
            enum inf_status status = inf_field(&line, i, text, sizeof text, &length, &error);
            expect(status, &error);
            if (strlen(text) != length) {
                abort();
            }
            expect(inf_field_number(&line, i, &number, &error), &error);
        }
    }
}

static void read_models(const struct inf *inf)
{
    static const char *const names[] = {"a", "DT\\ns16550a"};
    struct inf_device_ids ids = {names, 2, names, 2};
    struct inf_model_iterator it;
    struct inf_model model;
    struct inf_error error = {0};
    struct inf_service service;
    uint32_t score;
    inf_models(inf, &it);
    for (unsigned i = 0; i < 8 && inf_next_model(&it, &model, &error) == INF_OK; i++) {
        struct inf_messages messages = {};
        expect(inf_read_service(inf, model.install_section, &service, &error), &error);
        expect(inf_device_messages(inf, model.install_section, &messages, &error), &error);
    }
    expect(inf_best_model(inf, &ids, &model, &score, &error), &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static char scratch[8192];
    struct inf inf;
    struct inf_error error = {0};
    struct inf_version version;
    struct inf_service service;
    enum inf_status status = inf_open(&inf, bytes, size, scratch, sizeof scratch, &error);
    expect(status, &error);
    if (status != INF_OK) {
        return 0;
    }
    expect(inf_read_version(&inf, &version, &error), &error);
    expect(inf_read_service(&inf, "DefaultInstall", &service, &error), &error);
    read_models(&inf);
    read_fields(&inf, "S");
    read_fields(&inf, "Strings");
    return 0;
}
