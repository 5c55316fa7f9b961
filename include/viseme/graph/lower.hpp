// Description -> table. lowered<Net>::table is the net's one constexpr table; lowered<Net>::layers the layer types in the same order.
#pragma once

#include <viseme/core/types.hpp>
#include <viseme/graph/table.hpp>
#include <viseme/layers/compose.hpp>

namespace viseme::graph {

template <class M>
concept block = requires { typename M::body; };

// ---- layer types in execution order
template <class M>
struct leaves {
  static_assert(layer<M>, "a net is made of layers, blocks (structs with `body`) and the groupers of layers/compose.hpp");
  using type = type_list<M>;
};
template <block M>
struct leaves<M> : leaves<typename M::body> {};
template <class... M>
struct leaves<sequential<M...>> : join<typename leaves<M>::type...> {};
template <class... M>
struct leaves<chain<M...>> : join<typename leaves<M>::type...> {};
template <name N, class M>
struct leaves<child<N, M>> : leaves<M> {};
template <class M>
struct leaves<residual<M>> : join<typename leaves<M>::type, type_list<add>> {};
template <name N, int C>
struct leaves<input<N, C>> {
  using type = type_list<>;
};
template <name N, class M, name... In>
struct leaves<at<N, M, In...>> : leaves<M> {};
template <class... E>
struct leaves<network<E...>> : join<typename leaves<E>::type...> {};

// ---- entries of a graph
template <class E>
struct entry;
template <name N, int C>
struct entry<input<N, C>> {
  static constexpr name key = N;
  static constexpr bool is_input = true;
  static constexpr int channels = C;
};
template <name N, class M, name... In>
struct entry<at<N, M, In...>> {
  static constexpr name key = N;
  static constexpr bool is_input = false;
  using module = M;
  static constexpr int edges = sizeof...(In);
  static constexpr std::array<name, sizeof...(In)> in{In...};
};

/// Witness: the compiler prints both names where a step reads a value that no earlier entry defines.
template <name Step, name Missing, bool Found>
struct reads {
  static_assert(Found, "this step reads a value that no earlier entry of its graph defines");
};

struct values {
  std::array<int, max_inputs> id{};
  int count = 0;
};

template <class M>
struct lowering;

template <class M, class Table>
constexpr int append(Table& t, const values& in, const path& where) {
  auto& n = t.node_at[t.count];
  shapes s;
  s.count = n.input_count = in.count;
  for (int i = 0; i < in.count; ++i) {
    n.inputs[i] = in.id[i];
    s.in[i].c = t.channels_of(in.id[i]);
  }
  n.channels = M::channels(s);
  n.label = where;
  if (n.channels < 0 && t.refused < 0) t.refused = t.count;
  return Table::inputs + t.count++;
}

/// lowering<M>::apply(table, inputs, path) appends M's layers and returns the value M gives.
template <class M>
struct lowering {
  template <class Table>
  static constexpr int apply(Table& t, const values& in, const path& where) { return append<M>(t, in, where); }
};
template <block M>
struct lowering<M> : lowering<typename M::body> {};
template <class... M>
struct lowering<sequential<M...>> {
  template <class Table>
  static constexpr int apply(Table& t, const values& in, const path& where) {
    values v = in;
    int i = 0;
    ((v = {{lowering<M>::apply(t, v, where.child(i++))}, 1}), ...);
    return v.id[0];
  }
};
template <class... M>
struct lowering<chain<M...>> {
  template <class Table>
  static constexpr int apply(Table& t, const values& in, const path& where) {
    values v = in;
    ((v = {{lowering<M>::apply(t, v, where)}, 1}), ...);
    return v.id[0];
  }
};
template <name N, class M>
struct lowering<child<N, M>> {
  template <class Table>
  static constexpr int apply(Table& t, const values& in, const path& where) { return lowering<M>::apply(t, in, where.child(N.view())); }
};
template <class M>
struct lowering<residual<M>> {
  template <class Table>
  static constexpr int apply(Table& t, const values& in, const path& where) {
    const int inner = lowering<M>::apply(t, in, where);
    return append<add>(t, {{inner, in.id[0]}, 2}, where);
  }
};
template <class... E>
struct lowering<network<E...>> {
  static constexpr int size = sizeof...(E);
  static constexpr std::array<name, size> keys{entry<E>::key...};
  using entries = type_table<type_list<E...>>;

  static constexpr int find(name key, int before) {
    for (int i = before - 1; i >= 0; --i)
      if (keys[i] == key) return i;
    return -1;
  }

  /// Values of all entries.
  template <class Table>
  static constexpr std::array<int, size> apply_all(Table& t, const values& in, const path& where) {
    std::array<int, size> value{};
    int next_input = 0;
    unrolled<size>([&](auto index) {
      constexpr int i = index;
      using e = entry<typename entries::template at<i>>;
      if constexpr (e::is_input) {
        value[i] = in.id[next_input++];
      } else {
        values v;
        if constexpr (e::edges == 0) v = {{value[i - 1]}, 1};
        unrolled<e::edges>([&](auto edge) {
          constexpr int from = find(e::in[edge], i);
          static_assert(sizeof(reads<e::key, e::in[edge], (from >= 0)>) > 0);
          v.id[v.count++] = value[from];
        });
        value[i] = lowering<typename e::module>::apply(t, v, e::key.size ? where.child(e::key.view()) : where);
      }
    });
    return value;
  }
  template <class Table>
  static constexpr int apply(Table& t, const values& in, const path& where) { return apply_all(t, in, where)[size - 1]; }
};

/// Witness: prints the path of the layer and the channels it was offered.
template <path Layer, int Offered, bool Accepted>
struct accepts_channels {
  static_assert(Accepted, "this layer does not accept the channels of the value it reads");
};

template <class Body>
struct root;
template <class... E>
struct root<network<E...>> {
  static constexpr int inputs = (0 + ... + int(entry<E>::is_input));
  static constexpr int steps = int(sizeof...(E)) - inputs;
};

/// What the passes ask of a layer, without its type.
struct layer_facts {
  shape (*out)(const shapes&) = nullptr;
  const parameter* parameters = nullptr;
  int parameter_count = 0;
  bool norm = false;
  bool joins = false;  // reads several tensors of one height and width
};

template <class L>
constexpr layer_facts facts_of() {
  return {&L::out, L::parameters.data(), int(L::parameters.size()), requires { L::momentum; }, std::is_same_v<L, add> || std::is_same_v<L, concat>};
}

template <class Net>
struct lowered {
  using body = typename Net::body;
  using layers = typename leaves<Net>::type;
  template <int I>
  using layer_at = typename type_table<layers>::template at<I>;

  static constexpr auto table = [] {
    using graph_lowering = lowering<body>;
    graph::table<root<body>::inputs, layers::size, root<body>::steps> t;
    values in;
    unrolled<graph_lowering::size>([&](auto i) {
      using e = entry<typename graph_lowering::entries::template at<i>>;
      if constexpr (e::is_input) {
        t.input_names[in.count] = {e::key, in.count};
        t.input_channels[in.count] = e::channels;
        in.id[in.count] = in.count;
        ++in.count;
      }
    });
    const auto value = graph_lowering::apply_all(t, in, path{});
    for (int i = 0; i < root<body>::steps; ++i) t.names[i] = {graph_lowering::keys[t.inputs + i], value[t.inputs + i]};
    return t;
  }();

  static constexpr auto facts = []<int... I>(std::integer_sequence<int, I...>) {
    return std::array{facts_of<layer_at<I>>()...};
  }(std::make_integer_sequence<int, layers::size>{});

  static constexpr int refused = table.refused < 0 ? 0 : table.refused;
  static_assert(sizeof(accepts_channels<table.node_at[refused].label, table.channels_of(table.node_at[refused].inputs[0]), (table.refused < 0)>) > 0);
};

}  // namespace viseme::graph
