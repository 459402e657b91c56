/* SPDX-License-Identifier: Apache-2.0 */
#include "network/network.h"

#include "command.h"
#include "json_print.h"
#include "network/topology_facts.h"
#include "network/topology_table.h"

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct row {
    const char *name;
    struct topology_facts facts;
    char text[QW_TOPOLOGY_TEXT_CAP];
};

struct table {
    struct row *row; /* [topology_table_count] */
};

static const struct argp_option options[] = {
    { "json", 'j', NULL, 0, "one JSON object", 0 },
    { 0 },
};

static error_t parse(int key, char *value, struct argp_state *state)
{
    (void)value;
    if (key == 'j') {
        *(bool *)state->input = true;
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static qw_err fill(struct row *row, const struct topology_file *file,
                   char error[static QW_CONFIG_ERROR_CAP])
{
    struct qw_topology *topology = NULL;
    qw_err err = topology_load(file->name, &topology, error);

    if (err == QW_OK) {
        row->name = file->name;
        snprintf(row->text, sizeof row->text, "%s", topology->text);
        err = topology_facts_of(topology, &row->facts);
        snprintf(error, QW_CONFIG_ERROR_CAP, "%s", qw_err_text(err));
    }
    qw_topology_free(topology);
    return err;
}

static void write_members(struct qw_json_writer *w, const void *self)
{
    const struct table *table = self;

    qw_json_name(w, "topologies");
    qw_json_array_begin(w);
    for (size_t i = 0; i < topology_table_count; i++) {
        qw_json_object_begin(w);
        qw_json_name(w, "name");
        qw_json_text(w, table->row[i].name);
        qw_json_name(w, "text");
        qw_json_text(w, table->row[i].text);
        topology_facts_write(w, &table->row[i].facts);
        qw_json_object_end(w);
    }
    qw_json_array_end(w);
}

static void print_table(const struct table *table)
{
    printf("%-18s %6s %6s %6s %9s %6s  %s\n", "name", "nodes", "users", "links", "fibre_km",
           "passes", "what");
    for (size_t i = 0; i < topology_table_count; i++) {
        const struct row *row = &table->row[i];

        printf("%-18s %6zu %6zu %6zu %9.0f %6zu  %s\n", row->name, row->facts.nodes,
               row->facts.by_kind[QW_NODE_KIND_USER], row->facts.key_links, row->facts.fibre_km,
               row->facts.passes, row->text);
    }
}

int network_list(int argc, char **argv)
{
    static const struct argp argp = {
        options, parse, "", "Lists the topologies that are built in.", NULL, NULL, NULL
    };
    char error[QW_CONFIG_ERROR_CAP] = "out of memory";
    struct table table = { calloc(topology_table_count + 1, sizeof *table.row) };
    bool as_json = false;
    qw_err err = table.row == NULL ? QW_ERR_NOMEM : QW_OK;
    int status = EXIT_DONE;

    argp_parse(&argp, argc, argv, 0, NULL, &as_json);
    for (size_t i = 0; err == QW_OK && i < topology_table_count; i++) {
        err = fill(&table.row[i], &topology_table[i], error);
    }
    if (err != QW_OK) {
        fprintf(stderr, "qwave network list: %s\n", error);
        status = EXIT_FAILED;
    } else if (as_json) {
        status = json_print(1024 * (topology_table_count + 1), write_members, &table);
    } else {
        print_table(&table);
    }
    free(table.row);
    return status;
}
