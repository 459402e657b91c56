/* SPDX-License-Identifier: Apache-2.0 */
#include "qkd/network/topology_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PRESET_CAP = 64 };

struct settings {
    char name[QW_TOPOLOGY_NAME_CAP];
    char text[QW_TOPOLOGY_TEXT_CAP];
    char preset[PRESET_CAP];
    double pool_bits;
    double switch_slot_s;
    double switch_dead_s;
};

struct node_item {
    char id[QW_NODE_ID_CAP];
    int kind;
    double x, y;
    double loss_db;
};

struct link_item {
    char from[QW_NODE_ID_CAP];
    char to[QW_NODE_ID_CAP];
    double km;
    double db_per_km;
    double loss_db;
    double rate_bps;
    int64_t modules;
};

struct pass_item {
    char satellite[QW_NODE_ID_CAP];
    char ground[QW_NODE_ID_CAP];
    double start_s, length_s, every_s, peak_bps, clear_share;
};

struct demand_item {
    char from[QW_NODE_ID_CAP];
    char to[QW_NODE_ID_CAP];
    int class;
    int64_t paths;
    double keys_per_s;
};

#define TEXT(type, member, low, cap, standard_value, help_text) \
    { \
        .name = #member, .kind = QW_CONFIG_TEXT, .offset = offsetof(struct type, member), \
        .min = low, .max = cap, .standard = standard_value, .help = help_text \
    }
#define REAL(type, member, low, high, standard_value, help_text) \
    { \
        .name = #member, .kind = QW_CONFIG_REAL, .offset = offsetof(struct type, member), \
        .min = low, .max = high, .standard = standard_value, .help = help_text \
    }

static const struct qw_config_row settings_rows[] = {
    TEXT(settings, name, 1, QW_TOPOLOGY_NAME_CAP, NULL, "of the network"),
    TEXT(settings, text, 0, QW_TOPOLOGY_TEXT_CAP, "", "one line for people"),
    TEXT(settings, preset, 1, PRESET_CAP, "lim", "link of the literature, by its name"),
    REAL(settings, pool_bits, 1e3, 1e12, "1e7", "a link stores at most so much"),
    REAL(settings, switch_slot_s, 0.1, 86400, "10", "an optical switch thinks again so often"),
    REAL(settings, switch_dead_s, 0, 3600, "1", "a module that changes its partner is blind"),
};
static const struct qw_config_row node_rows[] = {
    TEXT(node_item, id, 1, QW_NODE_ID_CAP, NULL, "of the node"),
    { .name = "kind",
      .kind = QW_CONFIG_CHOICE,
      .offset = offsetof(struct node_item, kind),
      .standard = "relay",
      .choices = qw_node_kinds,
      .help = "what it does" },
    REAL(node_item, x, -1e6, 1e6, "0", "place in a drawing"),
    REAL(node_item, y, -1e6, 1e6, "0", "place in a drawing"),
    REAL(node_item, loss_db, 0, 30, "1", "of a switch, from port to port"),
};
static const struct qw_config_row link_rows[] = {
    TEXT(link_item, from, 1, QW_NODE_ID_CAP, NULL, "id of one end"),
    TEXT(link_item, to, 1, QW_NODE_ID_CAP, NULL, "id of the other end"),
    REAL(link_item, km, 0, 2000, "0", "length of the fibre"),
    REAL(link_item, db_per_km, 0, 10, "0.2", "loss of the fibre"),
    REAL(link_item, loss_db, 0, 100, "0", "further losses"),
    REAL(link_item, rate_bps, -1, 1e12, "-1", "as measured; -1: by the preset"),
    { .name = "modules",
      .kind = QW_CONFIG_INT,
      .offset = offsetof(struct link_item, modules),
      .min = 1,
      .max = 64,
      .standard = "1",
      .help = "of the relay, to a switch: users at once" },
};
static const struct qw_config_row pass_rows[] = {
    TEXT(pass_item, satellite, 1, QW_NODE_ID_CAP, NULL, "its id"),
    TEXT(pass_item, ground, 1, QW_NODE_ID_CAP, NULL, "id of the ground station"),
    REAL(pass_item, start_s, 0, 1e8, "0", "of the first pass"),
    REAL(pass_item, length_s, 1, 86400, NULL, "of a pass"),
    REAL(pass_item, every_s, 1, 1e8, NULL, "from start to start"),
    REAL(pass_item, peak_bps, 0, 1e12, NULL, "in the middle of a pass"),
    REAL(pass_item, clear_share, 0, 1, "1", "passes without clouds"),
};
static const char *const classes[] = { [QW_NODE_GOLD] = "gold",
                                       [QW_NODE_SILVER] = "silver",
                                       [QW_NODE_BRONZE] = "bronze",
                                       [QW_NODE_CLASSES] = NULL };
static const struct qw_config_row demand_rows[] = {
    TEXT(demand_item, from, 1, QW_NODE_ID_CAP, NULL, "id of the node where keys begin"),
    TEXT(demand_item, to, 1, QW_NODE_ID_CAP, NULL, "id of the node where they end"),
    { .name = "class",
      .kind = QW_CONFIG_CHOICE,
      .offset = offsetof(struct demand_item, class),
      .standard = "gold",
      .choices = classes,
      .help = "what they pay, and leave to better ones" },
    { .name = "paths",
      .kind = QW_CONFIG_INT,
      .offset = offsetof(struct demand_item, paths),
      .min = 1,
      .max = 2,
      .standard = "1",
      .help = "2: each key over two without a common node" },
    REAL(demand_item, keys_per_s, -1, 1e6, "-1", "-1: as the run says; 0: as many as go"),
};

static qw_err take_node(void *self, const void *item, char why[static QW_CONFIG_WHY_CAP])
{
    const struct node_item *read = item;
    struct qw_node node = {
        .kind = (enum qw_node_kind)read->kind, .x = read->x, .y = read->y, .loss_db = read->loss_db
    };

    memcpy(node.id, read->id, sizeof node.id);
    return qw_topology_add_node(self, &node, why);
}

static qw_err find(const struct qw_topology *topology, const char *id, size_t *node,
                   char why[static QW_CONFIG_WHY_CAP])
{
    size_t index = qw_topology_find(topology, id);

    if (index == QW_TOPOLOGY_NODES_MAX) {
        snprintf(why, QW_CONFIG_WHY_CAP, "no node %s above", id);
        return QW_ERR_FORMAT;
    }
    *node = index;
    return QW_OK;
}

static qw_err take_link(void *self, const void *item, char why[static QW_CONFIG_WHY_CAP])
{
    const struct link_item *read = item;
    struct qw_fibre fibre = { .km = read->km,
                              .db_per_km = read->db_per_km,
                              .loss_db = read->loss_db,
                              .rate_bps = read->rate_bps,
                              .modules = (unsigned)read->modules };
    qw_err err = find(self, read->from, &fibre.from, why);

    if (err == QW_OK) {
        err = find(self, read->to, &fibre.to, why);
    }
    return err == QW_OK ? qw_topology_add_fibre(self, &fibre, why) : err;
}

static qw_err take_pass(void *self, const void *item, char why[static QW_CONFIG_WHY_CAP])
{
    const struct pass_item *read = item;
    struct qw_pass pass = { .start_s = read->start_s,
                            .length_s = read->length_s,
                            .every_s = read->every_s,
                            .peak_bps = read->peak_bps,
                            .clear_share = read->clear_share };
    qw_err err = find(self, read->satellite, &pass.satellite, why);

    if (err == QW_OK) {
        err = find(self, read->ground, &pass.ground, why);
    }
    return err == QW_OK ? qw_topology_add_pass(self, &pass, why) : err;
}

static qw_err take_demand(void *self, const void *item, char why[static QW_CONFIG_WHY_CAP])
{
    const struct demand_item *read = item;
    struct qw_topology_demand demand = { .class = (enum qw_node_class)read->class,
                                         .is_two = read->paths == 2,
                                         .keys_per_s = read->keys_per_s };
    qw_err err = find(self, read->from, &demand.from, why);

    if (err == QW_OK) {
        err = find(self, read->to, &demand.to, why);
    }
    return err == QW_OK ? qw_topology_add_demand(self, &demand, why) : err;
}

/* What only the whole file shows. */
static qw_err finish(const char *name, const struct settings *settings,
                     struct qw_topology *topology, char error[static QW_CONFIG_ERROR_CAP])
{
    char why[QW_TOPOLOGY_WHY_CAP] = "";
    qw_err err;

    topology->preset = qw_link_preset_find(settings->preset);
    if (topology->preset == NULL) {
        snprintf(error, QW_CONFIG_ERROR_CAP, "%s: preset: no link preset '%s'", name,
                 settings->preset);
        return QW_ERR_FORMAT;
    }
    memcpy(topology->name, settings->name, sizeof topology->name);
    memcpy(topology->text, settings->text, sizeof topology->text);
    topology->pool_bits = settings->pool_bits;
    topology->switch_slot_s = settings->switch_slot_s;
    topology->switch_dead_s = settings->switch_dead_s;
    err = qw_topology_check(topology, why);
    if (err != QW_OK) {
        snprintf(error, QW_CONFIG_ERROR_CAP, "%s: %s", name, why);
    }
    return err;
}

/* text NULL: the file of that name. */
static qw_err load(const char *name, const char *text, size_t len, struct qw_topology **topology,
                   char error[static QW_CONFIG_ERROR_CAP])
{
    struct qw_topology *t = NULL;
    struct settings settings = { 0 };
    struct node_item node;
    struct link_item link;
    struct pass_item pass;
    struct demand_item demand;
    qw_err err = qw_topology_new(&t);
    const struct qw_config_list lists[] = {
        { "nodes", node_rows, sizeof node_rows / sizeof node_rows[0], QW_TOPOLOGY_NODES_MAX, &node,
          take_node, t },
        { "links", link_rows, sizeof link_rows / sizeof link_rows[0], QW_TOPOLOGY_FIBRES_MAX, &link,
          take_link, t },
        { "passes", pass_rows, sizeof pass_rows / sizeof pass_rows[0], QW_TOPOLOGY_PASSES_MAX,
          &pass, take_pass, t },
        { "demands", demand_rows, sizeof demand_rows / sizeof demand_rows[0],
          QW_TOPOLOGY_DEMANDS_MAX, &demand, take_demand, t },
    };
    const struct qw_config_schema schema = { settings_rows,
                                             sizeof settings_rows / sizeof settings_rows[0], lists,
                                             sizeof lists / sizeof lists[0] };

    if (err != QW_OK) {
        snprintf(error, QW_CONFIG_ERROR_CAP, "%s: %s", name, qw_err_text(err));
        return err;
    }
    err = text == NULL ? qw_config_read_lists(name, &schema, &settings, error)
                       : qw_config_parse_lists(name, text, len, &schema, &settings, error);
    if (err == QW_OK) {
        err = finish(name, &settings, t, error);
    }
    if (err == QW_OK) {
        *topology = t;
        t = NULL; /* now owned by the caller */
    }
    qw_topology_free(t);
    return err;
}

qw_err qw_topology_read(const char *path, struct qw_topology **topology,
                        char error[static QW_CONFIG_ERROR_CAP])
{
    return load(path, NULL, 0, topology, error);
}

qw_err qw_topology_parse(const char *name, const char *text, size_t len,
                         struct qw_topology **topology, char error[static QW_CONFIG_ERROR_CAP])
{
    return load(name, text, len, topology, error);
}
