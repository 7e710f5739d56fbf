# How many of the strongest directions of W + dW are not directions of W (intruder dimensions)? By layer, matrix and method.
# size: 17.5 x (mean_panel_n > 3 ? 9.4 : 5.6)
# like: effective_rank
# make: lowrank ablate intruder
# shows: all
# runs: fig_analysis_runs(study=methods, kind=intruder)
# text: axis fig_effective_label(name=intruders)
# data: line fig_effective(study=methods, kind=intruder, name=intruders) by series: x, lo, hi, n, mean
# data: mean fig_effective(study=methods, kind=intruder, name=intruders) by panel, series: x, lo, hi, n, mean
