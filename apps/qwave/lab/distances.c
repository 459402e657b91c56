/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/distances.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

static const double distance_max_km = 2000;

/* A number at *text, which is moved behind it. */
static bool take_number(const char **text, double *value)
{
    char *end = NULL;

    if (!isdigit((unsigned char)**text)) {
        return false;
    }
    *value = strtod(*text, &end);
    *text = end;
    return *value >= 0 && *value <= distance_max_km;
}

static bool parse_list(const char *text, struct distances *d)
{
    do {
        if (d->count == DISTANCES_MAX || !take_number(&text, &d->km[d->count])) {
            return false;
        }
        d->count++;
    } while (*text++ == ',');
    return text[-1] == '\0';
}

static bool parse_range(const char *text, struct distances *d)
{
    double from;
    double to;
    double step;

    if (!take_number(&text, &from) || *text++ != ':' || !take_number(&text, &to) ||
        *text++ != ':' || !take_number(&text, &step) || *text != '\0' || to < from || step <= 0 ||
        (to - from) / step >= DISTANCES_MAX) {
        return false;
    }
    d->count = (size_t)floor((to - from) / step + 1e-9) + 1;
    for (size_t i = 0; i < d->count; i++) {
        d->km[i] = from + step * (double)i;
    }
    return true;
}

bool distances_parse(const char *text, struct distances *out)
{
    struct distances d = { 0 };

    if (!parse_list(text, &d)) {
        d.count = 0;
        if (!parse_range(text, &d)) {
            return false;
        }
    }
    *out = d;
    return true;
}
