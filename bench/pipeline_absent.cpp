// A build without the libraries of the programs measures nets and layers alone.
#include <bench/suite.hpp>

std::vector<viseme::bench::suite_case> viseme::bench::pipeline_suite(const setting&) { return {}; }
