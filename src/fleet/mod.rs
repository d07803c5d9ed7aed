//! The run: a dispatcher that owns its state and one worker for each attempt on a target.
