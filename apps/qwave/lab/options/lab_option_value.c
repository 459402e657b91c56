/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/options/lab_option_value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double lab_option_real(const char *text, double min, double max, struct argp_state *state)
{
    char *end = NULL;
    double value = strtod(text, &end);

    if (end == text || *end != '\0' || !isfinite(value) || value < min || value > max) {
        argp_error(state, "'%s' is not a number of %g..%g", text, min, max);
    }
    return value;
}

int lab_option_word(const char *text, const char *const *words, struct argp_state *state)
{
    for (int i = 0; words[i] != NULL; i++) {
        if (strcmp(text, words[i]) == 0) {
            return i;
        }
    }
    argp_error(state, "'%s' is none of the names: see --help", text);
    return 0;
}
