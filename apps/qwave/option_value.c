/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "option_value.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

long option_number(const char *text, long low, long high, struct argp_state *state)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (end == text || *end != '\0' || value < low || value > high) {
        argp_error(state, "'%s' is not a number of %ld to %ld", text, low, high);
    }
    return value;
}

double option_real_part(const char *text, double low, double high, char **end,
                        struct argp_state *state)
{
    double value = strtod(text, end);

    if (*end == text || !(value >= low && value <= high)) {
        argp_error(state, "'%s' is not a number of %g to %g", text, low, high);
    }
    return value;
}

double option_real(const char *text, double low, double high, struct argp_state *state)
{
    char *end;
    double value = option_real_part(text, low, high, &end, state);

    if (*end != '\0') {
        argp_error(state, "'%s' is not a number of %g to %g", text, low, high);
    }
    return value;
}

void option_endpoint(const char *text, char *host, size_t cap, uint16_t *port,
                     struct argp_state *state)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - text);

    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (len == 0 || len >= cap) {
        argp_error(state, "'%s' is not HOST:PORT", text);
        return;
    }
    memcpy(host, text, len);
    host[len] = '\0';
    *port = (uint16_t)option_number(colon + 1, 1, 65535, state);
}

int64_t option_time(const char *text, struct argp_state *state)
{
    struct tm parts = { .tm_year = 0 };
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &parts);

    if (end == NULL || *end != '\0') {
        parts = (struct tm){ .tm_year = 0 };
        end = strptime(text, "%Y-%m-%d", &parts);
    }
    if (end == NULL || *end != '\0') {
        argp_error(state, "not a time: '%s'", text);
    }
    return (int64_t)timegm(&parts) * 1000;
}

error_t option_only_word(const char **word, const char *missing, int key, char *value,
                         struct argp_state *state)
{
    switch (key) {
    case ARGP_KEY_ARG:
        if (*word != NULL) {
            argp_error(state, "'%s', and '%s' as well: one at a time", *word, value);
        }
        *word = value;
        return 0;
    case ARGP_KEY_END:
        if (*word == NULL) {
            argp_error(state, "%s", missing);
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}
