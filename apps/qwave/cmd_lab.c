/* SPDX-License-Identifier: Apache-2.0 */
/* qwave lab: evaluation on models. */
#include "command.h"
#include "lab/lab.h"
#include "parts.h"

int cmd_lab(int argc, char **argv)
{
    static const struct part part[] = {
        { "plkg", lab_plkg_main,
          "keys from a radio channel: rate, share of the capacity, attacks" },
        { "key", lab_key, "one single key of a channel whose law is known: share of the capacity" },
        { "qkd", lab_qkd, "key rate of a fibre link over distance, block and method" },
        { "network", lab_network,
          "a network under load: served of what it can carry, blocking, cuts" },
    };
    static const struct parts parts = { "lab", "Evaluation on models.", part,
                                        sizeof part / sizeof part[0] };

    return parts_run(&parts, argc, argv);
}
