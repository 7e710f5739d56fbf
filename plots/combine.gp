# LoRA, other methods, and LoRA combined with each of them: mean, 95 % interval, every seed (Table 15, last rows).
# size: 12 x 6.4 + 0.36 * cell_blocks
# like: targets
# make: lowrank sweep combine
# runs: fig_runs(study=combine)
# text: study fig_study(study=combine)
# data: cell fig_combine(study=combine) by series: x, lo, hi, n, mean
# data: seed fig_combine_seeds(study=combine) by series: x, seed, value

x_title = 'method'
x_margin = 2
