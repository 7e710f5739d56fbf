# Zero-shot sentence similarity (STS-B) after training on a task, against the score on that task, every seed; the line: before training.
# size: 8.4 x 5.2 + 0.36 * ceil(k_blocks / 2.0)
# make: lowrank ablate forgetting
# shows: all
# runs: fig_analysis_runs(study=methods, kind=forgetting)
# text: study fig_study(study=methods)
# data: k fig_forgetting(study=methods) by runs: score, before, after

set key maxrows ceil(k_blocks / 2.0)
xmin = study_scale * k_score_min
xmax = study_scale * k_score_max
set xlabel 'score on the trained task (dev)'
set ylabel 'Spearman correlation on STS-B'
set xtics step(xmax - xmin)
set ytics step(most(k_after_max, k_before_max) - k_after_min)
set offsets graph 0.05, graph 0.05, graph 0.08, graph 0.05
set grid xtics ytics linetype 1 linecolor '#e6e6e6' linewidth 0.5
set arrow 1 from graph 0, first k_before_max to graph 1, first k_before_max nohead \
    linecolor '#808080' linewidth 1 dashtype 2
plot for [k = 1:k_blocks] data index k_first + k - 1 using ($1 * study_scale):3 with points linestyle style(k) \
    title k_runs[k]
